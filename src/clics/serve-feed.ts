import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import type { Stream } from '../stream/stream.ts';
import type { ContestFeed } from './contest-feed.ts';
import type { FeedSnapshot } from './feed-snapshots.ts';
import type { FeedStart } from './resume-feed.ts';

/**
 * Sends a feed until the stream is over: what the client lacks, then every change. What it lacks is decided at once, as of the
 * feed's last read.
 *
 * A client that is sent changes alone may have more than this node ever read: commits that a failover has lost. The log shows a
 * failover by the term that begins with the next append: such a client is then sent everything.
 *
 * @param signal aborts when the response is over
 */
export async function serveFeed(
  stream: Stream,
  signal: AbortSignal,
  feed: ContestFeed,
  audience: Audience,
  start: FeedStart,
): Promise<void> {
  const history = feed.history(audience);
  const first = typeof start === 'string' ? undefined : history.firstAfter(start.after);
  /** Term in which what the client has is certain; undefined: it has everything from this node. */
  let term = typeof start === 'string' || first === undefined ? undefined : start.term;
  let next = first ?? 0;
  let wake = () => {};
  const unsubscribe = feed.subscribe(() => wake());
  signal.addEventListener('abort', () => wake(), { once: true });
  const sendAll = async (snapshot: FeedSnapshot) => {
    next = snapshot.next;
    for (const page of snapshot.pages) {
      if (isOver(stream)) return;
      stream.writeBytes(page);
      await stream.drained();
    }
  };
  try {
    if (first === undefined)
      await sendAll(feed.snapshot(audience, start === 'lines' ? 'lines' : 'collections'));
    while (!isOver(stream) && !signal.aborted) {
      if (feed.closed) return stream.close('reset');
      if (term !== undefined && term !== feed.term) {
        term = undefined;
        await sendAll(feed.snapshot(audience, 'collections'));
        continue;
      }
      if (next === history.next) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const entry = history.entry(next);
      if (!entry) return stream.close('slow');
      next++;
      stream.writeBytes(entry);
      await stream.drained();
    }
  } finally {
    unsubscribe();
  }
}

function isOver({ state }: Stream): boolean {
  return state === 'closed';
}
