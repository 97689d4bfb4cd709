import { useState } from 'react';
import { formatMoment } from '../../react/format.ts';
import { useEvents, useLeaderboard, useOwnPlayer } from '../../react/index.ts';
import { EventText } from '../../react/text/event-text.tsx';
import { UserText } from '../../react/text/user-text.tsx';
import { earlierSolves, type FeedItem, feedItem, withItem } from './feed-items.ts';

const NONE: readonly FeedItem[] = [];

/** Feed of a contest, newest first. Below it, from the leaderboard, solves from before the page was loaded. */
export function Feed({ contestId }: { readonly contestId: number }) {
  const [items, setItems] = useState(NONE);
  const own = useOwnPlayer();
  useEvents(
    'notification',
    (notification) => {
      const item = feedItem(notification, contestId);
      if (item) setItems((known) => withItem(known, item));
    },
    `contest:${contestId}`,
  );
  const before = useEarlierSolves(contestId, items);
  const lines = [...items, ...before];
  return (
    <section className="feed" aria-labelledby="feed">
      <h2 id="feed">Solves</h2>
      {lines.length === 0 && <p className="feed-empty">Nothing yet. Solves turn up here as they happen.</p>}
      <ol>
        {lines.map((item) => (
          <li
            key={item.key}
            data-kind={item.kind}
            {...(item.playerId === own ? { 'data-own': '' } : {})}
            {...(item.earlier ? {} : { 'data-new': '' })}
          >
            <time dateTime={item.at}>{formatMoment(item.at, new Date())}</time>
            <FeedText item={item} />
            {item.points !== undefined && <span className="feed-points">{item.points}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function FeedText({ item: { who, others = 0, what, notice } }: { readonly item: FeedItem }) {
  if (notice !== undefined)
    return (
      <p>
        <b>
          <EventText of={notice} text={who} />
        </b>{' '}
        <span>
          <EventText of={notice} text={what} />
        </span>
      </p>
    );
  return (
    <p>
      <b>
        <UserText text={who} />
        {others > 0 && ` and ${others} more`}
      </b>{' '}
      <span>
        <UserText text={what} />
      </span>
    </p>
  );
}

/** Solves from the first leaderboard that the page received; later ones arrive as events. */
function useEarlierSolves(contestId: number, items: readonly FeedItem[]): readonly FeedItem[] {
  const rows = useLeaderboard(contestId)?.rows;
  const [earlier, setEarlier] = useState<readonly FeedItem[]>();
  if (earlier === undefined && rows !== undefined) setEarlier(earlierSolves(rows));
  const delivered = new Set(items.filter(({ kind }) => kind === 'solve').map(({ playerId }) => playerId));
  return earlier?.filter(({ playerId }) => !delivered.has(playerId)) ?? NONE;
}
