import type { z } from 'zod';
import type { EventData } from './event.ts';
import type { leaderboardRow } from './fields.ts';

/** One row of a contest's standings. */
export type LeaderboardRow = z.output<typeof leaderboardRow>;

/** The data of `leaderboard-snapshot`: a contest's standings, whole. */
export interface LeaderboardSnapshot {
  readonly contestId: number;
  /** Grows with every change; a delta names the version that it follows. */
  readonly version: number;
  /** Frozen standings stand still for players until they are unfrozen. */
  readonly frozen: boolean;
  /** How many take part; `rows` may hold fewer of them, those in front. */
  readonly total: number;
  readonly rows: readonly LeaderboardRow[];
}

/** What changed from one version to a later one: the data of LEADERBOARD_UPDATE. */
export type LeaderboardDelta = EventData<'LEADERBOARD_UPDATE'>;

/** Ranks that moved though nothing else of their rows did: every row from rank `from` to `to` moves by `by`. */
export type RankShift = LeaderboardDelta['shifts'][number];

/** A leaderboard as a reader keeps it. */
export interface LeaderboardState {
  readonly version: number;
  readonly total: number;
  readonly rows: ReadonlyMap<number, LeaderboardRow>;
}

type Placed = Pick<LeaderboardRow, 'finalRating' | 'lastSolvedAt'>;

/** Order of `a` and `b`: negative: `a` is first, 0: a tie. By rating, then by the earlier last solve. */
export function compareLeaderboardRows(a: Placed, b: Placed): number {
  if (a.finalRating !== b.finalRating) return b.finalRating - a.finalRating;
  if (a.lastSolvedAt === b.lastSolvedAt) return 0;
  if (a.lastSolvedAt === null) return 1;
  if (b.lastSolvedAt === null) return -1;
  // ISO 8601 in UTC with milliseconds sorts as text.
  return a.lastSolvedAt < b.lastSolvedAt ? -1 : 1;
}

/** What a delta is to a reader who is at `version`. */
export function relevance(delta: LeaderboardDelta, version: number): 'old' | 'next' | 'missed' {
  if (delta.version <= version) return 'old';
  if (delta.previous === version) return 'next';
  // Without shifts it holds each changed row as it is now, whatever happened to it in between.
  return delta.previous < version && delta.shifts.length === 0 ? 'next' : 'missed';
}

/** The leaderboard after a delta. `undefined`: something was missed, and the leaderboard must be read again. */
export function applyDelta(state: LeaderboardState, delta: LeaderboardDelta): LeaderboardState | undefined {
  const found = relevance(delta, state.version);
  if (found === 'old') return state;
  if (found === 'missed') return undefined;
  const rows = new Map(state.rows);
  for (const playerId of delta.removed) rows.delete(playerId);
  const changed = new Set(delta.changed.map(({ playerId }) => playerId));
  if (delta.shifts.length > 0)
    for (const [playerId, row] of rows) {
      if (changed.has(playerId)) continue;
      const by = shiftOf(row.rank, delta.shifts);
      if (by !== 0) rows.set(playerId, { ...row, rank: row.rank + by });
    }
  for (const row of delta.changed) rows.set(row.playerId, row);
  return { version: delta.version, total: delta.total, rows };
}

/** Shifts are in order and do not overlap: found by halving. */
function shiftOf(rank: number, shifts: readonly RankShift[]): number {
  let low = 0;
  let high = shifts.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const shift = shifts[middle] as RankShift;
    if (rank < shift.from) high = middle - 1;
    else if (rank > shift.to) low = middle + 1;
    else return shift.by;
  }
  return 0;
}
