import type { Database, Queries } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { type FreezeRecord, readFreeze } from '../platform/freeze.ts';
import {
  areAllResults,
  type ContestState,
  type ResultChecksums,
  readContestState,
  readResultChecksums,
  readScores,
  type Score,
} from '../platform/scores.ts';
import type { Unshowable } from '../platform/unshowable.ts';

/** Scores of a contest as at one moment, as far as they differ from those that are known, and the flag of its freeze. */
export interface ScoreSnapshot {
  readonly contest: ContestState;
  readonly freeze: FreezeRecord | undefined;
  /** Players whose scores were read: the results of all others are those that are known. */
  readonly players: ReadonlySet<number> | 'all';
  readonly scores: Map<number, Score>;
  readonly leftOut: readonly Unshowable[];
  /** Checksums of all results. */
  readonly results: ResultChecksums;
}

/**
 * Reads the scores of these players, and of all others whose result is not the known one, in one snapshot of the tables.
 *
 * @param known checksums of all results that were read last; undefined: none were, and all scores are read
 * @returns undefined when there is no such contest
 */
export async function readScoreSnapshot(
  database: Pick<Database, 'query' | 'snapshot'>,
  contestId: number,
  players: ReadonlySet<number> | 'all',
  known: ResultChecksums | undefined,
  clock: PlatformClock,
): Promise<ScoreSnapshot | undefined> {
  for (;;) {
    const read = await database.snapshot((tx) => readAtOnce(tx, contestId, players, known, clock));
    // Without a binlog, MariaDB may show a commit in a snapshot without the one just before it: the flag is read again.
    if (!read || read.contest.frozen || !(await readContestState(database, contestId))?.frozen) return read;
  }
}

async function readAtOnce(
  tx: Pick<Queries, 'query'>,
  contestId: number,
  dirty: ReadonlySet<number> | 'all',
  known: ResultChecksums | undefined,
  clock: PlatformClock,
): Promise<ScoreSnapshot | undefined> {
  const contest = await readContestState(tx, contestId);
  if (!contest) return undefined;
  const freeze = await readFreeze(tx, contestId);
  const { players, results } = await readResults(tx, contestId, dirty, known);
  const leftOut: Unshowable[] = [];
  const scores = await readScores(tx, contestId, players, clock, (row) => leftOut.push(row));
  return { contest, freeze, players, scores, leftOut, results };
}

/** Reads the checksums of all results: of all participants only where others than the dirty ones differ. */
async function readResults(
  tx: Pick<Queries, 'query'>,
  contestId: number,
  dirty: ReadonlySet<number> | 'all',
  known: ResultChecksums | undefined,
): Promise<Pick<ScoreSnapshot, 'players' | 'results'>> {
  if (dirty === 'all' || !known)
    return { players: 'all', results: await readResultChecksums(tx, contestId, 'all') };
  const some = new Map(known);
  for (const playerId of dirty) some.delete(playerId);
  for (const [playerId, checksum] of await readResultChecksums(tx, contestId, dirty))
    some.set(playerId, checksum);
  if (await areAllResults(tx, contestId, some)) return { players: dirty, results: some };
  const results = await readResultChecksums(tx, contestId, 'all');
  const players = new Set(dirty);
  // An id beyond 2^53 is a text, and its row is not shown.
  for (const playerId of new Set([...known.keys(), ...results.keys()]))
    if (typeof playerId === 'number' && known.get(playerId) !== results.get(playerId)) players.add(playerId);
  return { players, results };
}
