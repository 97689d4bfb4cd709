import { createRoute, z } from '@hono/zod-openapi';
import type { Queries } from '../db/database.ts';
import { onlinePlayers } from '../protocol/api/online.ts';
import { countOnlinePlayers, listOnlinePlayers } from '../session/online-players.ts';
import { asUser } from './callers.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';
import { whole } from './whole.ts';

const online = createRoute({
  method: 'get',
  path: '/players/online',
  tags: ['Players'],
  middleware: asUser,
  summary: 'How many players are online, and for admins who',
  description: 'As the last PLAYER_STATUS announced it.',
  request: {
    query: z.object({
      limit: whole(1, 200, 50),
      after: idParam('after')
        .openapi({ param: { name: 'after', in: 'query' }, description: '`next` of the page before.' })
        .optional(),
    }),
  },
  responses: {
    200: {
      description: 'The count; for admins with a page',
      content: { 'application/json': { schema: onlinePlayers } },
    },
    ...problems(400, 401, 403, 429, 503),
  },
});

/** Route of the players who are online. */
export function onlineRoutes({ database }: { readonly database: Pick<Queries, 'query'> }): Router {
  const router = createRouter();
  router.openapi(online, async (c) => {
    const count = await countOnlinePlayers(database);
    if (c.var.identity.role !== 'ADMIN') return c.json({ count }, 200, { 'cache-control': 'no-store' });
    const { limit, after = 0 } = c.req.valid('query');
    const found = await listOnlinePlayers(database, { after, limit: limit + 1 });
    const players = found.slice(0, limit);
    const next = found.length > limit ? (players.at(-1)?.playerId ?? null) : null;
    return c.json({ count, players, next }, 200, { 'cache-control': 'no-store' });
  });
  return router;
}
