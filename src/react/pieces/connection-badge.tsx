import { useEffect, useState } from 'react';
import type { ConnectionStatus } from '../../client/types.ts';
import { Ltr } from '../text/ltr.tsx';
import { useConnectionStatus } from '../use-connection-status.ts';
import { useLive } from '../use-live.ts';
import { useHostScheme } from './host-scheme.ts';

export interface ConnectionBadgeProps {
  readonly className?: string;
}

/** How the connection stands, in a word or two. Where waiting can be cut short, it is a button that does so. */
export function ConnectionBadge({ className = '' }: ConnectionBadgeProps) {
  const status = useConnectionStatus();
  const live = useLive();
  const scheme = useHostScheme();
  const seconds = useSecondsUntil(status.retryAt);
  const text = wordsFor(status, seconds);
  const look = `ccl ccl-connection ${className}`;
  const content = (
    <>
      <i className="ccl-lamp" aria-hidden="true" />
      <Ltr>{text}</Ltr>
    </>
  );
  const canRetry = status.state === 'waiting' || status.state === 'closed';
  return canRetry ? (
    <button
      ref={scheme}
      type="button"
      className={look}
      data-state={status.state}
      onClick={() => live?.reconnect()}
    >
      {content}
      <span className="ccl-retry">Try now</span>
    </button>
  ) : (
    <span ref={scheme} className={look} data-state={status.state}>
      {content}
    </span>
  );
}

function wordsFor({ state, closeReason }: ConnectionStatus, seconds: number): string {
  switch (state) {
    case 'idle':
    case 'connecting':
      return 'Connecting';
    case 'catching-up':
      return 'Catching up';
    case 'open':
      return 'Live';
    case 'waiting':
      return seconds > 0 ? `Back in ${seconds} s` : 'Trying';
    case 'offline':
      return 'Offline';
    case 'closed':
      return closeReason === 'replaced' ? 'Opened elsewhere' : 'Closed';
  }
}

function useSecondsUntil(moment: number | undefined): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (moment === undefined) return setSeconds(0);
    const count = () => setSeconds(Math.max(0, Math.ceil((moment - Date.now()) / 1_000)));
    count();
    const timer = setInterval(count, 250);
    return () => clearInterval(timer);
  }, [moment]);
  return seconds;
}
