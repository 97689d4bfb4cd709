import { useId, useRef } from 'react';
import { Ltr } from '../text/ltr.tsx';
import { useNotifications } from '../use-notifications.ts';
import { useHostScheme } from './host-scheme.ts';
import { Inbox } from './inbox.tsx';
import { usePanel } from './use-panel.ts';

export interface NotificationBellProps {
  readonly className?: string;
}

/** Max unread count that is shown exactly. */
const MAX_COUNT = 99;

/** Button with the number of unread notifications that opens the inbox. Escape, or a click elsewhere, closes it. */
export function NotificationBell({ className = '' }: NotificationBellProps) {
  const { counts, items, markSeen } = useNotifications();
  const id = useId();
  const button = useRef<HTMLButtonElement | null>(null);
  const panel = useRef<HTMLDivElement | null>(null);
  const buttonRef = useHostScheme(button);
  const panelRef = useHostScheme(panel);
  const { unread, unseen } = counts;
  const open = usePanel(button, panel, () => {
    const newest = items[0]?.id;
    if (unseen > 0 && newest !== undefined) void markSeen({ throughId: newest });
  });

  return (
    <>
      <button
        ref={buttonRef}
        type="button"
        className={`ccl ccl-bell ${className}`}
        aria-expanded={open}
        aria-controls={id}
        aria-label={unread === 0 ? 'Notifications' : `Notifications, ${unread} unread`}
      >
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
          <path d="M3.5 14.5h13L15 12V8.5a5 5 0 0 0-10 0V12ZM8.2 17.3a2 2 0 0 0 3.6 0" />
        </svg>
        {unread > 0 && (
          <span className="ccl-count" key={unread} aria-hidden="true">
            <Ltr>{unread > MAX_COUNT ? `${MAX_COUNT}+` : unread}</Ltr>
          </span>
        )}
      </button>
      <div
        ref={panelRef}
        id={id}
        popover="auto"
        className="ccl ccl-panel"
        role="dialog"
        aria-labelledby={`${id}-heading`}
      >
        {open && <Inbox headingId={`${id}-heading`} />}
      </div>
    </>
  );
}
