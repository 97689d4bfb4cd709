import { useCallback, useEffect, useState } from 'react';
import type { EventType } from '../../protocol/event.ts';
import { TOASTED } from '../event-appearance.ts';
import { isToastable, type Toast, withToast } from '../session/toasts.ts';
import { isolated } from '../text/bidi.ts';
import { EventText } from '../text/event-text.tsx';
import { useEvents } from '../use-events.ts';
import { useLive } from '../use-live.ts';
import { EventIcon } from './event-icon.tsx';
import { useHostScheme } from './host-scheme.ts';
import { QuietRegion } from './quiet-region.tsx';

export interface ToastStackProps {
  /** Types to show. Default: level-ups, tiers, achievements, the player's own rank changes, announcements. */
  readonly types?: readonly EventType[];
  /** Time for which a toast stays, ms; it restarts after a hover or focus. Default 7,000. */
  readonly durationMs?: number;
  /** Max toasts at once. Default 3. */
  readonly most?: number;
  readonly className?: string;
}

/** Short-lived toasts for the player's notifications, announced to screen readers through a `QuietRegion`. */
export function ToastStack(props: ToastStackProps) {
  const { types = TOASTED, durationMs = 7_000, most = 3, className = '' } = props;
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const live = useLive();
  const scheme = useHostScheme();
  useEvents('notification', (notification) => {
    if (isToastable(notification, types, live?.serverNow() ?? 0))
      setToasts((known) => withToast(known, notification, most));
  });
  const drop = useCallback(
    (dismissed: Toast) => setToasts((known) => known.filter((toast) => toast !== dismissed)),
    [],
  );
  const latest = toasts.at(-1)?.notification;
  return (
    <>
      <QuietRegion
        message={latest === undefined ? '' : `${isolated(latest.title)}. ${isolated(latest.message)}`}
      />
      <ol ref={scheme} className={`ccl ccl-toasts ${className}`} aria-label="Just now">
        {toasts.map((toast) => (
          <ToastCard key={toast.notification.id} toast={toast} durationMs={durationMs} onDone={drop} />
        ))}
      </ol>
    </>
  );
}

interface ToastCardProps {
  readonly toast: Toast;
  readonly durationMs: number;
  readonly onDone: (toast: Toast) => void;
}

function ToastCard({ toast, durationMs, onDone }: ToastCardProps) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => onDone(toast), durationMs);
    return () => clearTimeout(timer);
  }, [held, toast, durationMs, onDone]);
  const { notification } = toast;
  const { type, title, message } = notification;
  return (
    <li
      className="ccl-toast"
      data-type={type}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <EventIcon of={notification} />
      <div className="ccl-toast-text">
        <p className="ccl-toast-title">
          <EventText of={notification} text={title} />
        </p>
        <p className="ccl-toast-message">
          <EventText of={notification} text={message} />
        </p>
      </div>
      <button type="button" aria-label={`Dismiss: ${isolated(title)}`} onClick={() => onDone(toast)}>
        ×
      </button>
    </li>
  );
}
