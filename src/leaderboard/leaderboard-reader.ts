import type { Database } from '../db/database.ts';
import { dataOf } from '../events/row-data.ts';
import type { LogRow } from '../log/row.ts';
import type { PlatformClock } from '../platform/clock.ts';
import {
  applyDelta,
  type LeaderboardDelta,
  type LeaderboardState,
  relevance,
} from '../protocol/leaderboard.ts';
import { scopeKind } from '../protocol/scope.ts';
import { createLeaderboard } from './creation.ts';
import { LeaderboardView } from './leaderboard-view.ts';
import {
  type Audience,
  type LeaderboardHead,
  readLeaderboardHead,
  readStoredLeaderboard,
} from './stored-leaderboard.ts';

export interface LeaderboardReaderOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>;
  readonly clock: PlatformClock;
  /** How long after its end a frozen contest holds the tiers of its participants, in days. */
  readonly holdDays?: number;
  /** Updates the leaderboard of a contest that is long over, which no task polls. */
  readonly refresh?: (contestId: number) => Promise<void>;
}

/** Max wait for a delta that is committed and not followed yet, ms; then the tables are read again. */
const MAX_LAG_MS = 100;
/** Max attempts to read a leaderboard that changes meanwhile, before it is read under a lock. */
const MAX_ATTEMPTS = 8;
/** Idle time after which a leaderboard is evicted, and min time between two refreshes of one, ms. */
const IDLE_MS = 60_000;

/** Leaderboard that this node keeps current from the log. */
interface Followed {
  readonly contestId: number;
  readonly audience: Audience;
  state: LeaderboardState;
  view: LeaderboardView | undefined;
  usedAt: number;
  readonly waiting: Set<() => void>;
}

/** Load that is under way, with the deltas that it may lack. */
interface Loading {
  readonly missed: LeaderboardDelta[];
  readonly done: Promise<LeaderboardView | undefined>;
}

/** Last refresh of a leaderboard by this node. */
interface Refresh {
  readonly startedAt: number;
  running: Promise<void> | undefined;
}

/**
 * Read cache of published leaderboards on this node: each is loaded once, shared by all callers, and kept current from the
 * log. A returned view is never older than the version in the tables at the time of the call.
 */
export class LeaderboardReader {
  readonly #options: LeaderboardReaderOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #loading = new Map<string, Loading>();
  readonly #refreshes = new Map<number, Refresh>();
  #sweptAt = 0;

  constructor(options: LeaderboardReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads the leaderboard of a contest; the first call creates it.
   * @param seesReal whether the caller sees the real scores during a freeze
   * @returns undefined when there is no such contest
   */
  async read(contestId: number, seesReal: boolean): Promise<LeaderboardView | undefined> {
    const { database, clock } = this.#options;
    this.#sweep();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const head =
        (await readLeaderboardHead(database, contestId)) ??
        (await createLeaderboard(database, contestId, clock, this.#options.holdDays))?.head;
      if (!head) return undefined;
      if ('polled' in head && !head.polled && (await this.#refresh(contestId))) continue;
      const { audience, version } = targetOf(head, seesReal);
      const key = `${contestId}/${audience}`;
      const followed = this.#followed.get(key);
      if (followed) {
        if (followed.state.version < version && !(await reaches(followed, version)))
          this.#followed.delete(key);
        else if (followed.state.version === version) return viewOf(followed, head.frozen);
        continue;
      }
      const loading = this.#loading.get(key);
      if (loading) await loading.done.catch(() => {});
      else return this.#load(key, contestId, audience);
    }
    const stored = await readStoredLeaderboard(database, contestId, seesReal ? undefined : 'shown');
    if (!stored) return undefined;
    const { version } = targetOf(stored.head, seesReal);
    return new LeaderboardView(contestId, version, stored.head.frozen, stored.order);
  }

  /** Applies rows of the log. Called before any stream receives them. */
  observe(rows: readonly LogRow[]): void {
    if (this.#followed.size === 0 && this.#loading.size === 0) return;
    for (const row of rows) {
      if (row.type !== 'LEADERBOARD_UPDATE' && row.type !== 'LEADERBOARD_FREEZE') continue;
      const kind = scopeKind(row.scope);
      if (kind !== 'leaderboard' && kind !== 'real' && kind !== 'shown') continue;
      const contestId = Number(row.scope.split(':')[1]);
      // At a freeze the rows of admins fork from the shown ones; at its end both merge.
      if (row.type === 'LEADERBOARD_FREEZE') this.#followed.delete(`${contestId}/real`);
      else this.#advance(`${contestId}/${kind === 'real' ? 'real' : 'shown'}`, row);
    }
  }

  /** Evicts everything, after a reset of the log. What loads under way have read is not kept. */
  reset(): void {
    this.#followed.clear();
    this.#loading.clear();
  }

  #advance(key: string, row: LogRow): void {
    const followed = this.#followed.get(key);
    const loading = this.#loading.get(key);
    if (!followed && !loading) return;
    const delta = dataOf('LEADERBOARD_UPDATE', row);
    if (!delta) return;
    loading?.missed.push(delta);
    if (followed && !advance(followed, delta)) this.#followed.delete(key);
  }

  #load(key: string, contestId: number, audience: Audience): Promise<LeaderboardView | undefined> {
    const missed: LeaderboardDelta[] = [];
    const done = readStoredLeaderboard(this.#options.database, contestId, audience)
      .then((stored) => {
        const isCurrent = end();
        if (!stored) return undefined;
        const { version } = targetOf(stored.head, audience === 'real');
        const view = new LeaderboardView(contestId, version, stored.head.frozen, stored.order);
        // The freeze began or ended between the two reads: admins see other rows than those just read.
        if (audience === 'real' && !stored.head.frozen) return this.read(contestId, true);
        const rows = new Map(stored.order.map((row) => [row.playerId, row]));
        const state = { version, total: rows.size, rows };
        const followed = {
          contestId,
          audience,
          state,
          view,
          usedAt: performance.now(),
          waiting: new Set<() => void>(),
        };
        if (isCurrent && missed.every((delta) => advance(followed, delta))) this.#followed.set(key, followed);
        return view;
      })
      .finally(() => end());
    const loading: Loading = { missed, done };
    this.#loading.set(key, loading);
    /** @returns whether the log was not reset since the load began */
    const end = (): boolean => this.#loading.get(key) === loading && this.#loading.delete(key);
    return done;
  }

  /** Refreshes a leaderboard, once per `IDLE_MS` at most. @returns whether a refresh has just ended */
  async #refresh(contestId: number): Promise<boolean> {
    const { refresh } = this.#options;
    if (!refresh) return false;
    const last = this.#refreshes.get(contestId);
    if (last && performance.now() - last.startedAt < IDLE_MS) {
      const { running } = last;
      await running;
      return running !== undefined;
    }
    const started: Refresh = { startedAt: performance.now(), running: undefined };
    this.#refreshes.set(contestId, started);
    started.running = refresh(contestId).finally(() => {
      started.running = undefined;
    });
    await started.running;
    return true;
  }

  #sweep(): void {
    const now = performance.now();
    if (now - this.#sweptAt < IDLE_MS / 4) return;
    this.#sweptAt = now;
    for (const [key, { usedAt }] of this.#followed) if (now - usedAt > IDLE_MS) this.#followed.delete(key);
    for (const [contestId, { startedAt }] of this.#refreshes)
      if (now - startedAt > IDLE_MS) this.#refreshes.delete(contestId);
  }
}

/** Whose rows a caller sees, and the version they must have. */
function targetOf(head: LeaderboardHead, seesReal: boolean): { audience: Audience; version: number } {
  return head.frozen && seesReal
    ? { audience: 'real', version: head.version }
    : { audience: 'shown', version: head.shownVersion };
}

/** Applies a delta. @returns false when one before it is missing */
function advance(followed: Followed, delta: LeaderboardDelta): boolean {
  if (relevance(delta, followed.state.version) === 'old') return true;
  const state = applyDelta(followed.state, delta);
  if (!state) {
    wake(followed);
    return false;
  }
  followed.state = state;
  followed.view = undefined;
  wake(followed);
  return true;
}

function wake({ waiting }: Followed): void {
  for (const resume of waiting) resume();
  waiting.clear();
}

/** Waits until it is at `version`. @returns false when it is not within `MAX_LAG_MS` */
async function reaches(followed: Followed, version: number): Promise<boolean> {
  const deadline = performance.now() + MAX_LAG_MS;
  while (followed.state.version < version) {
    const ms = deadline - performance.now();
    if (ms <= 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      followed.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  return true;
}

function viewOf(followed: Followed, frozen: boolean): LeaderboardView {
  followed.usedAt = performance.now();
  const { contestId, state } = followed;
  if (followed.view?.frozen !== frozen) followed.view = LeaderboardView.of(contestId, state, frozen);
  return followed.view;
}
