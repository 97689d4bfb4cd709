import { createRoute, z } from '@hono/zod-openapi';
import type { Grants } from '../auth/grants.ts';
import type { OpaqueIds } from '../auth/opaque-ids.ts';
import type { Config } from '../config/config.ts';
import type { Queries } from '../db/database.ts';
import { readActivity } from '../log/activity.ts';
import { readGlobalLeaderboard } from '../platform/global-leaderboard.ts';
import { activityPage } from '../protocol/api/activity.ts';
import { globalLeaderboard } from '../protocol/api/leaderboard.ts';
import { Problem } from '../protocol/problem.ts';
import { parseId } from '../protocol/scope.ts';
import { asUser } from './callers.ts';
import { createRouter, problems, type Router } from './router.ts';
import { before, whole } from './whole.ts';

export interface PlayerRoutesDeps {
  readonly database: Pick<Queries, 'query'>;
  readonly grants: Grants;
  readonly cursor: () => string;
  readonly historyIds: OpaqueIds;
  readonly config: Pick<Config, 'standings'>;
}

const range = z.object({ limit: whole(1, 200, 50), offset: whole(0, 1_000_000, 0) });

const global = createRoute({
  method: 'get',
  path: '/leaderboard',
  tags: ['Standings'],
  middleware: asUser,
  summary: 'All players by XP; participants of a frozen contest as at the freeze, but for admins',
  request: { query: range },
  responses: {
    200: {
      description: 'Standings',
      content: {
        'application/json': {
          schema: globalLeaderboard,
        },
      },
    },
    ...problems(400, 401, 403, 429, 503),
  },
});

const activity = createRoute({
  method: 'get',
  path: '/players/{id}/activity',
  tags: ['Players'],
  middleware: asUser,
  summary: "A player's history, newest first: the caller's own, or for admins any player's",
  request: {
    params: z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' }, example: 'me' }) }),
    query: z.object({
      limit: whole(1, 100, 20),
      before,
    }),
  },
  responses: {
    200: {
      description: 'A page',
      content: {
        'application/json': {
          schema: activityPage,
        },
      },
    },
    ...problems(400, 401, 403, 404, 429, 503),
  },
});

/** Routes of the global leaderboard and of players' histories. */
export function playerRoutes({ database, grants, cursor, historyIds, config }: PlayerRoutesDeps): Router {
  const router = createRouter();
  router.openapi(global, async (c) => {
    const at = cursor();
    const real = c.var.identity.role === 'ADMIN';
    const { holdDays } = config.standings;
    const rows = await readGlobalLeaderboard(database, { ...c.req.valid('query'), real, holdDays });
    return c.json({ rows, cursor: at }, 200, { 'cache-control': 'no-store' });
  });
  router.openapi(activity, async (c) => {
    const user = c.var.identity;
    const text = c.req.valid('param').id;
    if (text === 'me' && user.playerId === undefined) throw new Problem('no-player');
    const playerId = text === 'me' ? user.playerId : parseId(text);
    if (playerId === undefined) throw new Problem('invalid-id');
    await grants.authorise(user, [{ kind: 'player', id: playerId }]);
    const { limit, before } = c.req.valid('query');
    const items = await readActivity(database, playerId, {
      before: before === undefined ? undefined : historyIds.decode(before),
      limit: limit + 1,
    });
    // The ids of the table count what all players do.
    const page = items.slice(0, limit).map((item) => ({ ...item, id: historyIds.encode(item.id) }));
    const next = items.length > limit ? (page.at(-1)?.id ?? null) : null;
    return c.json({ items: page, next }, 200, { 'cache-control': 'no-store' });
  });
  return router;
}
