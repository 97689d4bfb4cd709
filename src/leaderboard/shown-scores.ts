import type { Queries } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { type FreezeRecord, readTiersHeldElsewhere } from '../platform/freeze.ts';
import { readHeldScores, type Score } from '../platform/scores.ts';
import { TIERS } from '../protocol/enums.ts';

const NOTHING_SOLVED = {
  finalRating: 0,
  problemsSolved: 0,
  penaltyMins: 0,
  lastSolvedAt: null,
} as const satisfies Partial<Score>;

/**
 * Turns the scores of a frozen contest into what players are shown. Where a trigger saw the freeze: each row as it was
 * then, if it has changed since, else as it is. Otherwise: as it was last published. A later participant has solved nothing.
 *
 * @param scores the real ones; they must have been read before this call
 * @param published rows that players are shown, by player
 * @param settled players whose totals a reveal has revealed: of these only what all contests hold is not shown
 */
export async function readShownScores(
  database: Pick<Queries, 'query'>,
  clock: PlatformClock,
  contestId: number,
  freeze: FreezeRecord,
  scores: ReadonlyMap<number, Score>,
  published: ReadonlyMap<number, Score>,
  settled: ReadonlySet<number> = new Set(),
): Promise<Map<number, Score>> {
  const held = await readHeldScores(database, contestId, freeze.freezeNo, new Set(scores.keys()), clock);
  return new Map(
    [...scores].map(([playerId, score]) => {
      const atFreeze = held.get(playerId);
      if (settled.has(playerId))
        return [playerId, atFreeze?.tier === undefined ? score : { ...score, tier: atFreeze.tier }];
      if (freeze.exact) return [playerId, { ...score, ...atFreeze }];
      return [playerId, published.get(playerId) ?? { ...score, ...NOTHING_SOLVED, ...atFreeze }];
    }),
  );
}

/**
 * Replaces tiers that follow from hidden verdicts of another contest by the public ones.
 *
 * @param scores they must have been read before this call
 * @param holdDays how long after its end a frozen contest holds the tiers of its participants, in days
 */
export async function withPublicTiers(
  database: Pick<Queries, 'query'>,
  contestId: number,
  scores: Map<number, Score>,
  holdDays?: number,
): Promise<Map<number, Score>> {
  for (const [playerId, held] of await readTiersHeldElsewhere(database, contestId, holdDays)) {
    const score = scores.get(playerId);
    const tier = TIERS.find((known) => known === held) ?? null;
    if (score) scores.set(playerId, { ...score, tier });
  }
  return scores;
}
