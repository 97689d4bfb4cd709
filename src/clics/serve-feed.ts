import { encodeBytes } from '../channel/live-frame.ts';
import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import type { Stream } from '../stream/stream.ts';
import type { ContestFeed } from './contest-feed.ts';
import { collectionLinesOf, linesOf } from './feed-view.ts';

/** Characters after which the peer must have taken what was written. */
const PAGE_CHARACTERS = 64 * 1024;

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
  const view = feed.view(audience);
  const first = since === undefined ? undefined : history.firstAfter(since);
  const lines =
    first !== undefined
      ? []
      : since === undefined
        ? linesOf(view, feed.token)
        : collectionLinesOf(view, feed.token);
  let next = first ?? history.next;
  let wake = () => {};
  const unsubscribe = feed.subscribe(() => wake());
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    for (const page of pagesOf(lines)) {
      if (isOver(stream)) return;
      stream.writeBytes(encodeBytes(page));
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

function* pagesOf(lines: readonly string[]): Iterable<string> {
  let page = '';
  for (const line of lines) {
    page += line;
    if (page.length < PAGE_CHARACTERS) continue;
    yield page;
    page = '';
  }
  if (page !== '') yield page;
}
