import { createRoute, z } from '@hono/zod-openapi';
import type { Grants } from '../auth/grants.ts';
import type { UserIdentity } from '../auth/identity.ts';
import type { Queries } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { type ContestViewer, listContests, readContest } from '../platform/contests.ts';
import { contestNow, contestPage } from '../protocol/api/contest.ts';
import { CONTEST_STATUSES } from '../protocol/enums.ts';
import { Problem } from '../protocol/problem.ts';
import { asUser } from './callers.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';
import { before, whole } from './whole.ts';

export interface ContestRoutesDeps {
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
  readonly database: Pick<Queries, 'query'>;
  readonly grants: Grants;
  readonly cursor: () => string;
  readonly clock: PlatformClock;
}

const list = createRoute({
  method: 'get',
  path: '/contests',
  tags: ['Contests'],
  middleware: asUser,
  summary: 'The contests that the caller may see, newest first',
  request: {
    query: z.object({
      status: z
        .string()
        .transform((text) => text.split(','))
        .pipe(z.array(z.enum(CONTEST_STATUSES)).min(1).max(5))
        .optional()
        .openapi({ type: 'string', example: 'LIVE,UPCOMING' }),
      limit: whole(1, 100, 50),
      before,
    }),
  },
  responses: {
    200: {
      description: 'A page',
      content: {
        'application/json': {
          schema: contestPage,
        },
      },
    },
    ...problems(400, 401, 403, 429, 503),
  },
});

const one = createRoute({
  method: 'get',
  path: '/contests/{id}',
  tags: ['Contests'],
  middleware: asUser,
  summary: 'A contest',
  request: { params: z.object({ id: idParam('id') }) },
  responses: {
    200: {
      description: 'The contest',
      content: { 'application/json': { schema: contestNow } },
    },
    ...problems(400, 401, 403, 404, 429, 503),
  },
});

/** Routes of contests: what there is, and when each begins and ends. */
export function contestRoutes(deps: ContestRoutesDeps): Router {
  const { database, grants, cursor, clock } = deps;
  const router = createRouter();
  // The cursor is read first: a stream opened at it delivers every change that the response does not contain.
  const now = () => ({ cursor: cursor(), serverTime: new Date(deps.now()).toISOString() });

  router.openapi(list, async (c) => {
    const viewer = viewerOf(c.var.identity);
    const { status: statuses = [], limit, before } = c.req.valid('query');
    const at = now();
    const found = await listContests(database, clock, viewer, { before, limit: limit + 1, statuses });
    const contests = found.slice(0, limit);
    const next = found.length > limit ? (contests.at(-1)?.id ?? null) : null;
    return c.json({ contests, next, ...at }, 200, { 'cache-control': 'no-store' });
  });
  router.openapi(one, async (c) => {
    const user = c.var.identity;
    const { id } = c.req.valid('param');
    await grants.authorise(user, [{ kind: 'contest', id }]);
    const at = now();
    const found = await readContest(database, clock, viewerOf(user), id);
    if (!found) throw new Problem('not-found');
    return c.json({ ...found, ...at }, 200, { 'cache-control': 'no-store' });
  });
  return router;
}

function viewerOf({ userId, playerId, role }: UserIdentity): ContestViewer {
  return { userId, playerId, isAdmin: role === 'ADMIN' };
}
