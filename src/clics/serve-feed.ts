import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import type { Stream } from '../stream/stream.ts';
import type { ContestFeed } from './contest-feed.ts';

/**
 * Sends a feed until the stream is over: what the client lacks, then every change. What it lacks is decided at once, as of the
 * feed's last read.
 *
 * @param signal aborts when the response is over
 * @param since position of the client's cursor; undefined: it has nothing
 */
export async function serveFeed(
  stream: Stream,
  signal: AbortSignal,
  feed: ContestFeed,
  audience: Audience,
  since: number | undefined,
): Promise<void> {
  const history = feed.history(audience);
  const first = since === undefined ? undefined : history.firstAfter(since);
  const snapshot =
    first === undefined
      ? feed.snapshot(audience, since === undefined ? 'lines' : 'collections')
      : { pages: [], next: first };
  let { next } = snapshot;
  let wake = () => {};
  const unsubscribe = feed.subscribe(() => wake());
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    for (const page of snapshot.pages) {
      if (isOver(stream)) return;
      stream.writeBytes(page);
      await stream.drained();
    }
    while (!isOver(stream) && !signal.aborted) {
      if (feed.closed) return stream.close('reset');
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
