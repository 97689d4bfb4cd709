import { dataOf } from '../events/row-data.ts';
import type { LogRow } from '../log/row.ts';
import { endRevealedFreezes } from '../platform/freeze.ts';
import { DirtyContests } from './dirty-contests.ts';
import { LeaderboardPublisher, type LeaderboardPublisherOptions } from './leaderboard-publisher.ts';
import { ScorePoller } from './score-poller.ts';

export interface LeaderboardTaskOptions extends LeaderboardPublisherOptions {
  /** Min time between two updates of one contest, ms. */
  readonly intervalMs: number;
  /** Time between two polls for changes that nothing reported, ms. */
  readonly checkMs: number;
  /** Debounce of rank changes, ms. */
  readonly rankWindowMs: number;
  readonly onError?: (error: unknown) => void;
}

/** Idle time after which a contest's publisher is evicted, ms. */
const EVICT_MS = 10 * 60_000;
/** Delay after a failed update of a contest, ms. */
const RETRY_MS = 500;
/** Min ratio of the time between two polls to the duration of a poll. */
const POLL_RATIO = 20;

interface Loaded {
  readonly publisher: LeaderboardPublisher;
  updatedAt: number;
}

/**
 * Leader task that keeps all published leaderboards up to date. A dirty contest is updated at most once per interval; what
 * becomes dirty during an update is part of the next one.
 */
export class LeaderboardTask {
  readonly #options: LeaderboardTaskOptions;
  readonly #loaded = new Map<number, Loaded>();
  readonly #dirty = new DirtyContests(() => this.#wake?.());
  #wake: (() => void) | undefined;
  #running = false;

  constructor(options: LeaderboardTaskOptions) {
    this.#options = options;
  }

  /** Reports that one player's score, or any player's, may have changed. Without effect on nodes that do not run the task. */
  markDirty(contestId: number, playerId?: number): void {
    if (this.#running) this.#dirty.mark(contestId, playerId);
  }

  /** Marks contests dirty by the events that change their leaderboards. */
  observe(rows: readonly LogRow[]): void {
    if (!this.#running) return;
    for (const row of rows) {
      // An event has one row per scope: its first stands for it.
      if (row.id !== row.eventId) continue;
      const solved = dataOf('PROBLEM_SOLVED', row);
      if (solved?.contestId !== undefined) this.markDirty(solved.contestId, solved.playerId);
      const joined = dataOf('CONTEST_JOINED', row);
      if (joined) for (const { playerId } of joined.players) this.markDirty(joined.contestId, playerId);
      const revealed = dataOf('CONTEST_REVEAL_STEP', row);
      // Another node may have published the rows: those in memory are outdated.
      if (revealed) this.#loaded.delete(revealed.contestId);
      if (revealed?.finished) this.markDirty(revealed.contestId);
      const status = dataOf('CONTEST_STATUS', row);
      if (status) this.markDirty(status.contestId);
      // What the freeze held of its participants is public again, in all their contests.
      if (dataOf('LEADERBOARD_FREEZE', row)?.frozen === false)
        for (const contestId of this.#loaded.keys()) this.markDirty(contestId);
    }
  }

  /** Runs until the signal ends. On one node at a time. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake?.();
    signal.addEventListener('abort', stop, { once: true });
    this.#running = true;
    const poller = new ScorePoller(this.#options.database, (contestId, playerId) =>
      this.#dirty.mark(contestId, playerId),
    );
    let nextPoll = 0;
    while (!signal.aborted) {
      if (performance.now() >= nextPoll) nextPoll = await this.#poll(poller);
      for (const [contestId, due] of [...this.#due()])
        if (!signal.aborted && due <= performance.now()) await this.#tryUpdate(contestId);
      await this.#rest(Math.min(nextPoll, ...[...this.#due()].map(([, due]) => due)), signal);
    }
    this.#running = false;
    this.#loaded.clear();
    this.#dirty.clear();
    this.#options.leftOut?.clear();
    signal.removeEventListener('abort', stop);
  }

  /** @returns when the next poll is due */
  async #poll(poller: ScorePoller): Promise<number> {
    const startedAt = performance.now();
    try {
      await endRevealedFreezes(this.#options.database);
      await poller.poll();
    } catch (error) {
      this.#options.onError?.(error);
    }
    const now = performance.now();
    for (const [contestId, { updatedAt, publisher }] of this.#loaded)
      if (now - updatedAt > EVICT_MS && publisher.rankChanges.oldestAt === undefined)
        this.#loaded.delete(contestId);
    return now + Math.max(this.#options.checkMs, (now - startedAt) * POLL_RATIO);
  }

  /** Contests with work to do, and when it is due. A contest may come twice. */
  *#due(): Iterable<readonly [contestId: number, at: number]> {
    const { intervalMs, rankWindowMs } = this.#options;
    for (const [contestId, notBefore] of this.#dirty.entries())
      yield [contestId, Math.max(notBefore, (this.#loaded.get(contestId)?.updatedAt ?? 0) + intervalMs)];
    for (const [contestId, { publisher }] of this.#loaded) {
      const { oldestAt } = publisher.rankChanges;
      if (oldestAt !== undefined) yield [contestId, oldestAt + rankWindowMs];
    }
  }

  async #tryUpdate(contestId: number): Promise<void> {
    try {
      await this.#update(contestId);
    } catch (error) {
      // The outcome is unknown: the next update reads the tables again.
      this.#loaded.delete(contestId);
      this.#dirty.mark(contestId, undefined, performance.now() + RETRY_MS);
      this.#options.onError?.(error);
    }
  }

  async #update(contestId: number): Promise<void> {
    const known = this.#loaded.get(contestId);
    const publisher = known?.publisher ?? (await LeaderboardPublisher.load(this.#options, contestId));
    // Before the scores are read: what becomes dirty from here on is part of the next update.
    const players = this.#dirty.take(contestId);
    if (!publisher) return;
    const loaded = known ?? { publisher, updatedAt: 0 };
    this.#loaded.set(contestId, loaded);
    loaded.updatedAt = performance.now();
    if (!(await publisher.update(known ? players : 'all'))) return void this.#loaded.delete(contestId);
    const { oldestAt } = publisher.rankChanges;
    if (oldestAt !== undefined && oldestAt + this.#options.rankWindowMs <= performance.now())
      await publisher.publishRankChanges();
  }

  /** Sleeps until `at` (`performance.now()`), or until a contest becomes dirty. */
  async #rest(at: number, signal: AbortSignal): Promise<void> {
    const ms = at - performance.now();
    if (ms <= 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
