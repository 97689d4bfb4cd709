import type { Grants } from '../auth/grants.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { leaderboardRoutes } from '../http/leaderboard.ts';
import { revealRoutes } from '../http/reveal.ts';
import { CellsReader } from '../leaderboard/cells/cells-reader.ts';
import { CellsTask } from '../leaderboard/cells/cells-task.ts';
import { LeftOutCells } from '../leaderboard/cells/left-out-cells.ts';
import { GlobalLeaderboardTask } from '../leaderboard/global-leaderboard-task.ts';
import { refreshLeaderboard } from '../leaderboard/leaderboard-publisher.ts';
import { LeaderboardReader } from '../leaderboard/leaderboard-reader.ts';
import { LeaderboardTask } from '../leaderboard/leaderboard-task.ts';
import { LeftOutRows } from '../leaderboard/left-out-rows.ts';
import { ContestReveals } from '../leaderboard/reveal/contest-reveals.ts';
import { RevealSnapshots } from '../leaderboard/reveal/reveal-snapshots.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { LogPipeline } from './log-pipeline.ts';
import type { Part } from './parts.ts';

export interface LeaderboardsDeps {
  /** For requests. */
  readonly database: Database;
  readonly background: Database;
  readonly log: Pick<LogPipeline, 'onRows' | 'onReset'>;
  /** With a connection of its own: it may wait for locks of leaderboards, and no other publisher may wait with it. */
  readonly publisher: LogPublisher;
  readonly grants: Grants;
  readonly clock: PlatformClock;
  readonly cursor: () => string;
  readonly config: Pick<Config, 'standings'>;
  readonly warn: (line: string) => void;
  readonly onError: (error: unknown, where: string) => void;
}

export interface Leaderboards extends Part {
  readonly reader: LeaderboardReader;
  readonly cells: CellsReader;
  /** Reports that scores of a contest may have changed: one player's, or with no player any. */
  readonly markDirty: (contestId: number, playerId?: number) => void;
  /** Number of rows, and of players' cells, that are left out, on the node that publishes the leaderboards. */
  readonly leftOut: () => number;
}

/** Delay before the task runs again after an error, ms. */
const RETRY_MS = 500;

/** Opens the leaderboards: published by the leader, read by all nodes. */
export function openLeaderboards(deps: LeaderboardsDeps): Leaderboards {
  const { database, background, log, publisher, grants, clock, cursor } = deps;
  const config = deps.config.standings;
  const leftOut = new LeftOutRows(deps.warn);
  const options = { database: background, publisher, clock, ...config };
  const onError = (error: unknown) => deps.onError(error, 'leaderboards');
  const reader = new LeaderboardReader({
    database,
    clock,
    holdDays: config.holdDays,
    // A stale leaderboard is better than none.
    refresh: (contestId) => refreshLeaderboard(options, contestId).catch(onError),
  });
  const task = new LeaderboardTask({ ...options, leftOut, onError });
  const cells = new CellsReader({ database, clock });
  const cellsLeftOut = new LeftOutCells(deps.warn);
  const cellsTask = new CellsTask({ ...options, leftOut: cellsLeftOut, onError });
  const reveals = new ContestReveals({ ...options, database });
  const snapshots = new RevealSnapshots({ reveals, leaderboards: reader, cells, cursor });
  const global = new GlobalLeaderboardTask({ database: background, publisher, holdDays: config.holdDays });
  log.onRows((rows) => {
    reader.observe(rows);
    task.observe(rows);
    cells.observe(rows);
    cellsTask.observe(rows);
    snapshots.observe(rows);
  });
  log.onReset(() => {
    reader.reset();
    cells.reset();
    snapshots.reset();
  });
  return {
    reader,
    cells,
    leftOut: () => leftOut.size + cellsLeftOut.size,
    markDirty: (contestId, playerId) => task.markDirty(contestId, playerId),
    routes: [
      leaderboardRoutes({ leaderboards: reader, cells, grants, cursor }),
      revealRoutes({ reveals, snapshots, grants, cursor }),
    ],
    leaderTasks: [
      { name: 'leaderboards', everyMs: RETRY_MS, run: (signal) => task.run(signal) },
      { name: 'cells', everyMs: RETRY_MS, run: (signal) => cellsTask.run(signal) },
      { name: 'global leaderboard', everyMs: config.globalMs, run: () => global.run() },
    ],
  };
}
