import type { InboxItem } from '../../client/api-types.ts';
import { formatAge } from '../format.ts';
import { isolated } from '../text/bidi.ts';
import { EventText } from '../text/event-text.tsx';
import { Ltr } from '../text/ltr.tsx';
import { EventIcon } from './event-icon.tsx';

export interface InboxEntryProps {
  readonly item: InboxItem;
  /** Current time, ms since 1970. */
  readonly now: number;
  /** Called with the entry's element, which the action may remove. */
  readonly onRead: (entry: Element | null) => void;
  readonly onUnread: () => void;
  readonly onArchive: (entry: Element | null) => void;
}

/** Notification in the inbox with its actions. */
export function InboxEntry({ item, now, onRead, onUnread, onArchive }: InboxEntryProps) {
  const unread = item.readAt === null;
  const superseded = item.supersededBy !== undefined;
  return (
    <li
      className="ccl-entry"
      data-type={item.type}
      {...(unread ? { 'data-unread': '' } : {})}
      {...(superseded ? { 'data-superseded': '' } : {})}
    >
      <EventIcon of={item} />
      <div className="ccl-entry-text">
        {unread && <span className="ccl-hidden">Unread: </span>}
        {superseded && (
          <span className="ccl-hidden">
            {item.type === 'ANNOUNCEMENT' ? 'No longer valid: ' : 'Taken back: '}
          </span>
        )}
        <p className="ccl-entry-title">
          <EventText of={item} text={item.title} />
        </p>
        <p className="ccl-entry-message">
          <EventText of={item} text={item.message} />
        </p>
      </div>
      <time className="ccl-entry-age" dateTime={item.at}>
        <Ltr>{formatAge(item.at, now)}</Ltr>
      </time>
      <div className="ccl-entry-actions">
        <button
          type="button"
          onClick={(event) => (unread ? onRead(event.currentTarget.closest('li')) : onUnread())}
        >
          {unread ? 'Mark read' : 'Mark unread'}
          <span className="ccl-hidden">: {isolated(item.title)}</span>
        </button>
        <button type="button" onClick={(event) => onArchive(event.currentTarget.closest('li'))}>
          Archive<span className="ccl-hidden">: {isolated(item.title)}</span>
        </button>
      </div>
    </li>
  );
}
