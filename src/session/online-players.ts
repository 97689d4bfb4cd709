import type { Queries } from '../db/database.ts';
import type { OnlinePlayer } from '../protocol/api/online.ts';

/** Reads how many players are announced as online. One row, whatever their number. */
export async function countOnlinePlayers(database: Pick<Queries, 'query'>): Promise<number> {
  const [state] = await database.query<{ online: number }>(
    'SELECT online FROM announced_presence WHERE id = 1',
  );
  return state?.online ?? 0;
}

/** Lists players who are announced as online, by ascending id, those above `after`. */
export function listOnlinePlayers(
  database: Pick<Queries, 'query'>,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<OnlinePlayer[]> {
  return database.query<OnlinePlayer>(
    `SELECT a.player_id AS playerId, u.name AS playerName
       FROM announced_player a LEFT JOIN player p ON p.id = a.player_id LEFT JOIN users u ON u.id = p.user_id
      WHERE a.player_id > ? ORDER BY a.player_id LIMIT ${Math.trunc(limit)}`,
    [after],
  );
}
