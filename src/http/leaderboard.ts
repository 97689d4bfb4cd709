import { createHash } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import type { Grants } from '../auth/grants.ts';
import type { CellsReader } from '../leaderboard/cells/cells-reader.ts';
import type { LeaderboardReader } from '../leaderboard/leaderboard-reader.ts';
import { pageOf } from '../leaderboard/page.ts';
import { leaderboardPage } from '../protocol/api/leaderboard.ts';
import { MODES } from '../protocol/enums.ts';
import { Problem } from '../protocol/problem.ts';
import { asUser } from './callers.ts';
import { conditionalHeaders, matchesTag } from './entity-tag.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';
import { whole } from './whole.ts';

export interface LeaderboardRoutesDeps {
  readonly leaderboards: LeaderboardReader;
  readonly cells: CellsReader;
  readonly grants: Grants;
  readonly cursor: () => string;
}

const leaderboard = createRoute({
  method: 'get',
  path: '/contests/{id}/leaderboard',
  tags: ['Standings'],
  middleware: asUser,
  summary: 'The standings of a contest, and the cursor they are valid at',
  request: {
    params: z.object({ id: idParam('id') }),
    query: z.object({
      limit: whole(1, 200, 50),
      offset: whole(0, 1_000_000, 0),
      around: z
        .literal('me')
        .optional()
        .openapi({ description: 'The rows around your own, instead of `offset`.' }),
      mode: z
        .enum(MODES)
        .optional()
        .openapi({ description: 'Only players in this mode, with their ranks among all.' }),
      cells: z
        .literal('1')
        .optional()
        .openapi({ description: 'With the cells of each row: its submissions to each problem.' }),
      shown: z
        .literal('1')
        .optional()
        .openapi({ description: 'What players are shown of frozen standings, also to admins.' }),
    }),
    headers: conditionalHeaders,
  },
  responses: {
    200: {
      description: 'Standings. A stream opened at `cursor` delivers every later change.',
      headers: {
        etag: { schema: { type: 'string' }, description: 'Identifies this part of this version.' },
      },
      content: {
        'application/json': {
          schema: leaderboardPage,
        },
      },
    },
    304: { description: 'Unchanged; the cursor that you have is still valid.' },
    ...problems(400, 401, 403, 404, 429, 503),
  },
});

/** Routes of contest leaderboards. */
export function leaderboardRoutes({ leaderboards, cells, grants, cursor }: LeaderboardRoutesDeps): Router {
  const router = createRouter();
  router.openapi(leaderboard, async (c) => {
    const user = c.var.identity;
    const { id } = c.req.valid('param');
    await grants.authorise(user, [{ kind: 'leaderboard', id }]);
    // Read first: a stream opened at it delivers every change that these rows do not contain.
    const at = cursor();
    const { around, cells: withCells, shown, ...query } = c.req.valid('query');
    const seesReal = user.role === 'ADMIN' && shown === undefined;
    const leaderboard = await leaderboards.read(id, seesReal);
    if (!leaderboard) throw new Problem('not-found');
    const view = withCells && (await cells.read(id, seesReal));
    if (around && user.playerId === undefined) throw new Problem('no-player');
    const page = pageOf(leaderboard.rows, { ...query, ...(around ? { around: user.playerId } : {}) });
    const { contestId, version, frozen } = leaderboard;
    const part = [contestId, version, frozen, seesReal, page.offset, query.limit, query.mode, view?.version];
    const etag = `"${version}-${createHash('sha256')
      .update(JSON.stringify(part))
      .digest('base64url')
      .slice(0, 16)}"`;
    const headers = { etag, 'cache-control': 'private, no-cache' };
    if (matchesTag(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers);
    const rows = view
      ? page.rows.map((row) => ({ ...row, cells: [...(view.rows.get(row.playerId)?.cells ?? [])] }))
      : page.rows;
    const versions = view ? { cellsVersion: view.version, problems: [...view.problems] } : {};
    const body = { contestId, version, frozen, ...page, ...versions, rows, cursor: at };
    return c.json(body, 200, headers);
  });
  return router;
}
