import type { Queries } from '../db/database.ts';
import { Batched } from '../util/batched.ts';
import { type RestrictionQuery, type Restrictions, readRestrictions } from './restrictions.ts';

/** Max contests and players per read; a single call with more is read alone. */
const MAX_ITEMS = 2_000;
/** Max reads at a time. */
const MAX_READS = 2;

interface Item {
  readonly kind: 'contest' | 'player';
  readonly id: number;
}

/**
 * Creates a reader of restrictions that shares queries: the calls that arrive while reads are under way share the next one,
 * which begins after each of them. An answer may also name contests and players of other calls.
 *
 * @param holdDays as of `readRestrictions`
 */
export function createRestrictionReader(
  database: Pick<Queries, 'query'>,
  holdDays?: number,
): (about: RestrictionQuery) => Promise<Restrictions> {
  const idsOf = (items: readonly Item[], kind: Item['kind']) => [
    ...new Set(items.flatMap((item) => (item.kind === kind ? item.id : []))),
  ];
  const reads = new Batched<Item, Restrictions>(
    (items) =>
      readRestrictions(
        database,
        { contests: idsOf(items, 'contest'), players: idsOf(items, 'player') },
        holdDays,
      ),
    { maxItems: MAX_ITEMS, maxRuns: MAX_READS },
  );
  return ({ contests, players }) =>
    reads.add([
      ...contests.map((id): Item => ({ kind: 'contest', id })),
      ...players.map((id): Item => ({ kind: 'player', id })),
    ]);
}
