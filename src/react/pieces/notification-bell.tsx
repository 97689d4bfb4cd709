import { type ToggleEvent, useId, useRef, useState } from 'react';
import { useNotifications } from '../use-notifications.ts';
import { Inbox } from './inbox.tsx';

export interface NotificationBellProps {
  readonly className?: string;
}

/** More than this is not told exactly. */
const MOST = 99;

/** A bell with the number of unread notifications; it opens the inbox. Escape, or a click elsewhere, closes it. */
export function NotificationBell({ className = '' }: NotificationBellProps) {
  const { counts, items, markSeen } = useNotifications();
  const id = useId();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const { unread, unseen } = counts;

  function place({ newState }: ToggleEvent): void {
    const at = button.current?.getBoundingClientRect();
    if (newState !== 'open' || !at || !panel.current) return;
    panel.current.style.setProperty('--ccl-top', `${at.bottom + 8}px`);
    panel.current.style.setProperty('--ccl-end', `${document.documentElement.clientWidth - at.right}px`);
  }

  function opened({ newState }: ToggleEvent): void {
    setOpen(newState === 'open');
    const newest = items[0]?.id;
    if (newState === 'open' && unseen > 0 && newest !== undefined) void markSeen({ throughId: newest });
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        className={`ccl-bell ${className}`}
        popoverTarget={id}
        aria-expanded={open}
        aria-label={unread === 0 ? 'Notifications' : `Notifications, ${unread} unread`}
      >
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
          <path d="M3.5 14.5h13L15 12V8.5a5 5 0 0 0-10 0V12ZM8.2 17.3a2 2 0 0 0 3.6 0" />
        </svg>
        {unread > 0 && (
          <span className="ccl-count" key={unread} aria-hidden="true">
            {unread > MOST ? `${MOST}+` : unread}
          </span>
        )}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className="ccl-panel"
        onBeforeToggle={place}
        onToggle={opened}
        role="dialog"
        aria-labelledby={`${id}-heading`}
      >
        {open && <Inbox headingId={`${id}-heading`} />}
      </div>
    </>
  );
}
