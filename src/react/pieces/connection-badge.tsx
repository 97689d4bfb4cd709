import { useEffect, useState } from 'react';
import type { ConnectionStatus } from '../../client/types.ts';
import { Ltr } from '../text/ltr.tsx';
import { useConnectionStatus } from '../use-connection-status.ts';
import { useLive } from '../use-live.ts';
import { useHostScheme } from './host-scheme.ts';

export interface ConnectionBadgeProps {
  readonly className?: string;
}

/** Status of the connection in a word or two. Where an attempt can be made at once, it is a button that makes it. */
export function ConnectionBadge({ className = '' }: ConnectionBadgeProps) {
  const status = useConnectionStatus();
  const live = useLive();
  const scheme = useHostScheme();
  const seconds = useSecondsUntil(status.retryAt);
  const withoutScopes = status.state === 'idle' && live?.scopes.length === 0;
  const text = withoutScopes ? 'Idle' : labelOf(status, seconds);
  const classNames = `ccl ccl-connection ${className}`;
  const content = (
    <>
      <i className="ccl-lamp" aria-hidden="true" />
      <Ltr>{text}</Ltr>
    </>
  );
  const refusedScopes = status.refused.map(({ scope }) => scope).join(', ');
  const partly = status.state === 'open' && refusedScopes !== '';
  const canRetry = partly || status.state === 'waiting' || status.state === 'closed';
  const retry = () => (partly ? live?.retryRefused().catch(() => {}) : live?.reconnect());
  return canRetry ? (
    <button
      ref={scheme}
      type="button"
      className={classNames}
      data-state={status.state}
      {...(partly ? { 'data-partly': '', title: `Not subscribed: ${refusedScopes}` } : {})}
      onClick={() => void retry()}
    >
      {content}
      <span className="ccl-retry">{partly ? 'Try again' : 'Try now'}</span>
    </button>
  ) : (
    <span ref={scheme} className={classNames} data-state={status.state}>
      {content}
    </span>
  );
}

function labelOf({ state, closeReason, refused }: ConnectionStatus, seconds: number): string {
  switch (state) {
    case 'idle':
    case 'connecting':
      return 'Connecting';
    case 'catching-up':
      return 'Catching up';
    case 'open':
      return refused.length === 0 ? 'Live' : `Live, ${refused.length} not subscribed`;
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
    // Monotonic: the wall clock may be set during the delay.
    const due = performance.now() + moment - Date.now();
    const count = () => setSeconds(Math.max(0, Math.ceil((due - performance.now()) / 1_000)));
    count();
    const timer = setInterval(count, 250);
    return () => clearInterval(timer);
  }, [moment]);
  return seconds;
}
