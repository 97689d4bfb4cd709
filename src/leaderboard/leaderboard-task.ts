import type { LogRow } from '../log/row.ts';
import type { EventData } from '../protocol/event.ts';
import { Touched } from './dirty-contests.ts';
import { Keeper, type KeeperOptions } from './leaderboard-publisher.ts';
import { ScoreWatch } from './score-poll.ts';

export interface StandingsDutyOptions extends KeeperOptions {
  /** Two updates of one contest are at least so far apart, in ms. */
  readonly intervalMs: number;
  /** How often it is looked for changes that nobody told of, in ms. */
  readonly checkMs: number;
  /** For so long the moves of a burst are gathered before they are told, in ms. */
  readonly rankWindowMs: number;
  readonly onError?: (error: unknown) => void;
}

/** A contest of which nothing was heard for so long is let go from memory, in ms. */
const FORGET_MS = 10 * 60_000;
/** After a failure a contest waits so long, in ms. */
const RETRY_MS = 500;
/** Looking may take this part of the time. */
const LOOK_SHARE = 20;

interface Kept {
  readonly keeper: Keeper;
  lastAt: number;
}

/**
 * Keeps the published standings of all contests up to date, on one node for all. Whatever was touched is compared with
 * what was published, at most once per interval and contest; what was touched meanwhile goes into the next round.
 */
export class StandingsDuty {
  readonly #options: StandingsDutyOptions;
  readonly #kept = new Map<number, Kept>();
  readonly #touched = new Touched(() => this.#wake?.());
  #wake: (() => void) | undefined;
  #running = false;

  constructor(options: StandingsDutyOptions) {
    this.#options = options;
  }

  /** The standings of a contest may have changed: a player's row, or anybody's. Where another node keeps them, nothing happens. */
  touched(contestId: number, playerId?: number): void {
    if (this.#running) this.#touched.add(contestId, playerId);
  }

  /** Rows of the log, some of which tell that standings have changed. */
  observe(rows: readonly LogRow[]): void {
    if (!this.#running) return;
    for (const row of rows) {
      if (row.type === 'PROBLEM_SOLVED' && row.id === row.eventId) {
        const { contestId, playerId } = JSON.parse(row.data) as EventData<'PROBLEM_SOLVED'>;
        if (contestId !== undefined) this.touched(contestId, playerId);
      } else if (row.type === 'CONTEST_JOINED') {
        const { contestId, players } = JSON.parse(row.data) as EventData<'CONTEST_JOINED'>;
        for (const { playerId } of players) this.touched(contestId, playerId);
      } else if (row.type === 'CONTEST_STATUS') {
        this.touched((JSON.parse(row.data) as EventData<'CONTEST_STATUS'>).contestId);
      }
    }
  }

  /** Keeps them until the signal ends. For one node at a time. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake?.();
    signal.addEventListener('abort', stop, { once: true });
    this.#running = true;
    const watch = new ScoreWatch(this.#options.database, (contestId, playerId) =>
      this.#touched.add(contestId, playerId),
    );
    let nextLook = 0;
    while (!signal.aborted) {
      if (performance.now() >= nextLook) nextLook = await this.#look(watch);
      for (const [contestId, due] of [...this.#due()])
        if (!signal.aborted && due <= performance.now()) await this.#attend(contestId);
      await this.#rest(Math.min(nextLook, ...[...this.#due()].map(([, due]) => due)), signal);
    }
    this.#running = false;
    this.#kept.clear();
    for (const [contestId] of [...this.#touched.entries()]) this.#touched.take(contestId);
    signal.removeEventListener('abort', stop);
  }

  /** @returns when the next look is due */
  async #look(watch: ScoreWatch): Promise<number> {
    const began = performance.now();
    try {
      await watch.look();
    } catch (error) {
      this.#options.onError?.(error);
    }
    const now = performance.now();
    for (const [contestId, { lastAt, keeper }] of this.#kept)
      if (now - lastAt > FORGET_MS && keeper.teller.since === undefined) this.#kept.delete(contestId);
    return now + Math.max(this.#options.checkMs, (now - began) * LOOK_SHARE);
  }

  /** What is to be done for which contest, and when. */
  *#due(): Iterable<readonly [contestId: number, at: number]> {
    const { intervalMs, rankWindowMs } = this.#options;
    for (const [contestId, notBefore] of this.#touched.entries())
      yield [contestId, Math.max(notBefore, (this.#kept.get(contestId)?.lastAt ?? 0) + intervalMs)];
    for (const [contestId, { keeper }] of this.#kept)
      if (keeper.teller.since !== undefined) yield [contestId, keeper.teller.since + rankWindowMs];
  }

  async #attend(contestId: number): Promise<void> {
    try {
      await this.#update(contestId);
    } catch (error) {
      // Whatever became of it is read again.
      this.#kept.delete(contestId);
      this.#touched.add(contestId, undefined, performance.now() + RETRY_MS);
      this.#options.onError?.(error);
    }
  }

  async #update(contestId: number): Promise<void> {
    const loaded = this.#kept.get(contestId);
    const keeper = loaded?.keeper ?? (await Keeper.load(this.#options, contestId));
    const now = performance.now();
    if (!keeper) return void this.#touched.take(contestId);
    const players = this.#touched.take(contestId);
    const kept = loaded ?? { keeper, lastAt: 0 };
    this.#kept.set(contestId, kept);
    kept.lastAt = now;
    if (!(await keeper.update(loaded ? players : 'all'))) return void this.#kept.delete(contestId);
    const { since } = keeper.teller;
    if (since !== undefined && since + this.#options.rankWindowMs <= performance.now())
      await keeper.tellRanks();
  }

  /** Until `at` (`performance.now()`), or until something is touched. */
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
