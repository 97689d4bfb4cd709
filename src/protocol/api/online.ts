import { z } from 'zod';
import { list, nextId, type Wire } from './wire.ts';

export const onlinePlayer = z.object({ playerId: z.int(), playerName: z.string().nullable() });

/** Players who are online, as PLAYER_STATUS announced them last. */
export const onlinePlayers = z
  .object({
    count: z.int(),
    players: list(onlinePlayer).optional().meta({ description: 'A page by ascending id; for admins alone.' }),
    next: nextId.optional().meta({ description: '`after` of the next page; for admins alone.' }),
  })
  .meta({ id: 'OnlinePlayers' });

export type OnlinePlayer = Wire<typeof onlinePlayer>;
