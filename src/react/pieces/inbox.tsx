import { useRef, useState } from 'react';
import { Ltr } from '../text/ltr.tsx';
import { useLive } from '../use-live.ts';
import { useNotifications } from '../use-notifications.ts';
import { useHostScheme } from './host-scheme.ts';
import { InboxEntry } from './inbox-entry.tsx';

export interface InboxProps {
  /** Id of the heading. */
  readonly headingId?: string;
  readonly className?: string;
}

/** List of the player's notifications, newest first. */
export function Inbox({ headingId, className = '' }: InboxProps) {
  const live = useLive();
  const scheme = useHostScheme();
  const [onlyUnread, setOnlyUnread] = useState(false);
  const inbox = useNotifications({ unread: onlyUnread });
  const heading = useRef<HTMLHeadingElement>(null);
  const { counts, items, next } = inbox;
  const newest = items[0]?.id;
  const now = live?.serverNow() ?? 0;

  /** Moves the focus to a neighbour before an entry is removed, because the document would lose it. */
  function moveFocusFrom(entry: Element | null): void {
    const neighbour = entry?.nextElementSibling ?? entry?.previousElementSibling;
    (neighbour?.querySelector('button') ?? heading.current)?.focus();
  }

  return (
    <section ref={scheme} className={`ccl ccl-inbox ${className}`} aria-labelledby={headingId}>
      <header className="ccl-inbox-head">
        <h2 id={headingId} ref={heading} tabIndex={-1}>
          Notifications
        </h2>
        <label>
          <input
            type="checkbox"
            checked={onlyUnread}
            onChange={(event) => setOnlyUnread(event.currentTarget.checked)}
          />
          Unread only
        </label>
        <button
          type="button"
          disabled={counts.unread === 0 || newest === undefined}
          onClick={() => newest !== undefined && inbox.markRead({ throughId: newest })}
        >
          Mark all read
        </button>
      </header>
      {inbox.error !== undefined && (
        <p className="ccl-inbox-error" role="alert">
          <Ltr>The inbox could not be brought up to date. Nothing of it is lost.</Ltr>
        </p>
      )}
      {items.length === 0 && next === null && (
        <p className="ccl-inbox-empty">
          <Ltr>
            {onlyUnread ? 'You have read everything.' : 'Nothing yet. What you achieve turns up here.'}
          </Ltr>
        </p>
      )}
      <ul className="ccl-entries">
        {items.map((item) => (
          <InboxEntry
            key={item.id}
            item={item}
            now={now}
            onRead={(entry) => {
              if (onlyUnread) moveFocusFrom(entry);
              void inbox.markRead({ ids: [item.id] });
            }}
            onUnread={() => inbox.markUnread(item.id)}
            onArchive={(entry) => {
              moveFocusFrom(entry);
              void inbox.archive({ ids: [item.id] });
            }}
          />
        ))}
      </ul>
      {typeof next === 'number' && (
        <button type="button" className="ccl-older" onClick={() => inbox.loadOlder()}>
          Show older
        </button>
      )}
    </section>
  );
}
