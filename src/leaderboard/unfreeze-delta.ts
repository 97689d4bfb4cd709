import type { LeaderboardRow } from '../protocol/leaderboard.ts';
import { type Step, sameScore } from './step.ts';

type RowsByPlayer = ReadonlyMap<number, LeaderboardRow>;

/** A delta's content when a leaderboard is unfrozen. */
export type UnfreezeDelta = Omit<Step, 'order'> & { readonly total: number };

/**
 * Compares the unfrozen leaderboard with what its readers have: players the rows at the freeze, admins the last real
 * ones. Without shifts, so that it applies to both.
 */
export function unfreezeDelta(
  order: readonly LeaderboardRow[],
  shown: RowsByPlayer,
  real: RowsByPlayer,
): UnfreezeDelta {
  const present = new Set(order.map(({ playerId }) => playerId));
  return {
    changed: order.filter((row) => differs(row, shown) || differs(row, real)),
    removed: [...new Set([...shown.keys(), ...real.keys()])].filter((playerId) => !present.has(playerId)),
    shifts: [],
    total: order.length,
  };
}

function differs(row: LeaderboardRow, known: RowsByPlayer): boolean {
  const old = known.get(row.playerId);
  return !old || old.rank !== row.rank || !sameScore(old, row);
}
