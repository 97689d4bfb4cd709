import { dataOf, parseData } from '../events/row-data.ts';
import { submissionOf } from '../leaderboard/cells/reported-submission.ts';
import type { LogRow } from '../log/row.ts';
import { ContestFeed, type ContestFeedOptions } from './contest-feed.ts';

/** Time without readers after which a feed is evicted, ms. A client that comes again before then gets what it lacks. */
const IDLE_MS = 15 * 60_000;
/** Max feeds without readers, and max participants and submissions of them together, beside those that were just used. */
const MAX_IDLE_FEEDS = 32;
const MAX_IDLE_OBJECTS = 200_000;
/** Time after its last use in which a feed is not evicted, ms: a request may be about to read it. */
const IN_USE_MS = 1_000;

/** Events after which anything of a contest may differ. */
const CONTEST_TYPES = [
  'CONTEST_JOINED',
  'CONTEST_STATUS',
  'CONTEST_END',
  'CONTEST_CHANGED',
  'CONTEST_RESULTS',
  'LEADERBOARD_FREEZE',
] as const;

/** The contests that this node serves by the CLICS Contest API. */
export class ContestFeeds {
  readonly #options: ContestFeedOptions;
  readonly #maxIdle: number;
  readonly #feeds = new Map<number, ContestFeed>();

  /** @param maxIdle max feeds that are kept without readers, beside those that were just used */
  constructor(options: ContestFeedOptions, maxIdle = MAX_IDLE_FEEDS) {
    this.#options = options;
    this.#maxIdle = maxIdle;
  }

  /**
   * Reads a contest, after this call.
   * @returns undefined when there is no such contest
   */
  async read(contestId: number): Promise<ContestFeed | undefined> {
    this.#evict();
    const known = this.#feeds.get(contestId);
    const feed = known && !known.closed ? known : new ContestFeed(this.#options, contestId);
    this.#feeds.set(contestId, feed);
    if (await feed.refresh()) {
      this.#evict();
      return feed;
    }
    this.#drop(contestId, feed);
    return undefined;
  }

  /** Marks contests by the events that change them. */
  observe(rows: readonly LogRow[]): void {
    if (this.#feeds.size === 0) return;
    for (const row of rows) {
      const submitted = submissionOf(row);
      if (submitted?.contestId !== undefined) this.#feeds.get(submitted.contestId)?.mark(submitted.playerId);
      const revealed = dataOf('CONTEST_REVEAL_STEP', row);
      if (revealed) this.#feeds.get(revealed.contestId)?.mark(revealed.playerId);
      if (!CONTEST_TYPES.some((type) => type === row.type)) continue;
      this.#feeds.get(parseData<(typeof CONTEST_TYPES)[number]>(row.data).contestId)?.mark();
    }
  }

  /** Evicts everything, after a reset of the log: earlier cursors may say nothing of it. */
  reset(): void {
    for (const [contestId, feed] of this.#feeds) this.#drop(contestId, feed);
  }

  #evict(): void {
    const now = performance.now();
    const idle = [...this.#feeds.values()].filter((feed) => feed.isIdle && feed.usedAt < now - IN_USE_MS);
    let objects = 0;
    for (const [place, feed] of idle.sort((a, b) => b.usedAt - a.usedAt).entries()) {
      objects += feed.size;
      if (feed.usedAt < now - IDLE_MS || place >= this.#maxIdle || objects > MAX_IDLE_OBJECTS)
        this.#drop(feed.contestId, feed);
    }
  }

  #drop(contestId: number, feed: ContestFeed): void {
    feed.close();
    if (this.#feeds.get(contestId) === feed) this.#feeds.delete(contestId);
  }
}
