import type { Queries } from '../db/database.ts';
import { levelCurve } from '../platform/tables/levels.ts';
import type { Tier } from '../protocol/enums.ts';

/** Row of the platform's `level_config`. */
export interface DemoLevel {
  readonly level: number;
  readonly xpRequired: number;
  readonly tier: Tier;
  readonly subRank: string;
}

type Reads = Pick<Queries, 'query'>;

/** Reads all levels, lowest first. */
export function readLevels(database: Reads): Promise<DemoLevel[]> {
  return database.query<DemoLevel>(
    'SELECT level, xp_required AS xpRequired, tier, sub_rank AS subRank FROM level_config ORDER BY level',
  );
}

/** Fills `level_config` where it is empty. */
export async function ensureLevels(database: Pick<Queries, 'query' | 'execute'>): Promise<DemoLevel[]> {
  const present = await readLevels(database);
  if (present.length > 0) return present;
  for (const { level, xpRequired, tier, subRank, xpToNext } of levelCurve())
    await database.execute(
      'INSERT INTO level_config (level, xp_required, tier, sub_rank, xp_to_next) VALUES (?, ?, ?, ?, ?)',
      [level, xpRequired, tier, subRank, xpToNext],
    );
  return readLevels(database);
}

/**
 * Finds the level of an amount of XP.
 *
 * @throws Error when there are no levels.
 */
export function levelAt(levels: readonly DemoLevel[], xp: number): DemoLevel {
  const level = levels.findLast(({ xpRequired }) => xpRequired <= xp) ?? levels[0];
  if (level === undefined) throw new Error('level_config is empty.');
  return level;
}
