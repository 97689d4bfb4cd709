import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { GlobalDuty } from '../leaderboard/global-leaderboard-task.ts';
import { Boards } from '../leaderboard/leaderboard-reader.ts';
import { StandingsDuty } from '../leaderboard/leaderboard-task.ts';
import { reviewBoard } from '../leaderboard/refresh.ts';
import type { Publisher } from '../log/publisher.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { Duty } from './duties.ts';
import type { LogPipeline } from './log-pipeline.ts';

export interface StandingsDeps {
  readonly database: Database;
  readonly log: Pick<LogPipeline, 'onRows' | 'onReset'>;
  /** Better one with a connection of its own: boards may be locked while they are read, and nobody else shall wait. */
  readonly publisher: Publisher;
  readonly clock: PlatformClock;
  readonly config: Config['standings'];
  readonly onError: (error: unknown, where: string) => void;
}

export interface Standings {
  readonly boards: Boards;
  /** Something that a contest's standings are made of has changed: a player's row, or anybody's. */
  readonly touched: (contestId: number, playerId?: number) => void;
  readonly duties: readonly Duty[];
}

/** How soon the standings are kept again after that failed, in ms. */
const RETRY_MS = 500;

/** Standings: kept by one node, followed by all. */
export function openStandings(deps: StandingsDeps): Standings {
  const { database, log, publisher, clock, config, onError } = deps;
  const options = { database, publisher, clock, ...config };
  const failed = (error: unknown) => onError(error, 'standings');
  const boards = new Boards({
    database,
    clock,
    // What was published is better than nothing.
    review: (contestId) => reviewBoard(options, contestId).catch(failed),
  });
  const duty = new StandingsDuty({ ...options, onError: failed });
  const global = new GlobalDuty({ database, publisher });
  log.onRows((rows) => {
    boards.observe(rows);
    duty.observe(rows);
  });
  log.onReset(() => boards.reset());
  return {
    boards,
    touched: (contestId, playerId) => duty.touched(contestId, playerId),
    duties: [
      { name: 'standings', everyMs: RETRY_MS, run: (signal) => duty.run(signal) },
      { name: 'global standings', everyMs: config.globalMs, run: () => global.run() },
    ],
  };
}
