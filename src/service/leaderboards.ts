import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { GlobalLeaderboardTask } from '../leaderboard/global-leaderboard-task.ts';
import { refreshLeaderboard } from '../leaderboard/leaderboard-publisher.ts';
import { LeaderboardReader } from '../leaderboard/leaderboard-reader.ts';
import { LeaderboardTask } from '../leaderboard/leaderboard-task.ts';
import { LeftOutRows } from '../leaderboard/left-out-rows.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { Duty } from './duties.ts';
import type { LogPipeline } from './log-pipeline.ts';

export interface LeaderboardsDeps {
  readonly database: Database;
  readonly log: Pick<LogPipeline, 'onRows' | 'onReset'>;
  /** With a connection of its own: it may wait for locks of leaderboards, and no other publisher may wait with it. */
  readonly publisher: LogPublisher;
  readonly clock: PlatformClock;
  readonly config: Config['standings'];
  readonly warn: (line: string) => void;
  readonly onError: (error: unknown, where: string) => void;
}

export interface Leaderboards {
  readonly reader: LeaderboardReader;
  /** Reports that scores of a contest may have changed: a player's, or anybody's. */
  readonly markDirty: (contestId: number, playerId?: number) => void;
  /** Number of rows that cannot be shown and are left out, on the node that publishes the leaderboards. */
  readonly leftOut: () => number;
  readonly duties: readonly Duty[];
}

/** Delay before the task runs again after an error, ms. */
const RETRY_MS = 500;

/** Composes the leaderboards: published by the leader, read by all nodes. */
export function openLeaderboards(deps: LeaderboardsDeps): Leaderboards {
  const { database, log, publisher, clock, config, onError } = deps;
  const leftOut = new LeftOutRows(deps.warn);
  const options = { database, publisher, clock, ...config };
  const failed = (error: unknown) => onError(error, 'standings');
  const reader = new LeaderboardReader({
    database,
    clock,
    // A stale leaderboard is better than none.
    refresh: (contestId) => refreshLeaderboard(options, contestId).catch(failed),
  });
  const task = new LeaderboardTask({ ...options, leftOut, onError: failed });
  const global = new GlobalLeaderboardTask({ database, publisher });
  log.onRows((rows) => {
    reader.observe(rows);
    task.observe(rows);
  });
  log.onReset(() => reader.reset());
  return {
    reader,
    leftOut: () => leftOut.size,
    markDirty: (contestId, playerId) => task.markDirty(contestId, playerId),
    duties: [
      { name: 'standings', everyMs: RETRY_MS, run: (signal) => task.run(signal) },
      { name: 'global standings', everyMs: config.globalMs, run: () => global.run() },
    ],
  };
}
