import type { Queries } from '../db/database.ts';
import type { DemoPlayer } from '../protocol/api/demo.ts';
import { DEMO_EMAILS } from './find.ts';

/** Demo player that any visitor may act as while the demo is on. */
export interface DemoIdentity extends DemoPlayer {
  /** `users.id`, the subject of a token. Not for the wire. */
  readonly userId: number;
}

/** Reads all demo players, the most XP first. */
export async function readDemoIdentities(database: Pick<Queries, 'query'>): Promise<DemoIdentity[]> {
  const rows = await database.query<DemoIdentity>(
    `SELECT u.id AS userId, p.id AS playerId, u.name AS playerName, p.level, p.tier, p.sub_rank AS subRank
       FROM player p JOIN users u ON u.id = p.user_id
      WHERE u.email LIKE ? AND u.role = 'PLAYER' ORDER BY p.xp DESC, p.id`,
    [DEMO_EMAILS],
  );
  return rows.map((row) => ({ ...row, level: Number(row.level) }));
}
