import { createRoute, z } from '@hono/zod-openapi';
import type { Grants } from '../auth/grants.ts';
import type { ContestReveals } from '../leaderboard/reveal/contest-reveals.ts';
import { reveal, revealedStep, revealRequest } from '../protocol/api/reveal.ts';
import { asAdmin, asUser } from './callers.ts';
import { jsonBody, SMALL_BODY } from './json-body.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';

export interface RevealRoutesDeps {
  readonly reveals: ContestReveals;
  readonly grants: Grants;
  readonly cursor: () => string;
}

const params = z.object({ id: idParam('id') });
const answer = {
  description: 'How far the reveal is. A stream opened at `cursor` delivers every later step.',
  content: { 'application/json': { schema: reveal } },
};

const read = createRoute({
  method: 'get',
  path: '/contests/{id}/reveal',
  tags: ['Standings'],
  middleware: asUser,
  summary: 'How far the frozen standings of a contest are revealed',
  request: { params },
  responses: { 200: answer, ...problems(400, 401, 403, 404, 429, 503) },
});

const open = createRoute({
  method: 'post',
  path: '/contests/{id}/reveal',
  tags: ['Standings'],
  middleware: asAdmin,
  summary: 'Open the reveal of frozen standings after the end of their contest; for admins',
  description: 'Repeating it changes nothing.',
  request: { params },
  responses: { 200: answer, ...problems(400, 401, 403, 404, 409, 429, 503) },
});

const take = createRoute({
  method: 'post',
  path: '/contests/{id}/reveal/steps',
  tags: ['Standings'],
  middleware: [asAdmin, jsonBody(SMALL_BODY)] as const,
  summary: 'Reveal the next cell, the next row, or everything; for admins',
  description:
    'Of the lowest row that is not revealed yet, the first hidden cell. The answer to a step that was taken before is what it disclosed.',
  request: {
    params,
    body: { required: true, content: { 'application/json': { schema: revealRequest } } },
  },
  responses: {
    200: {
      description: 'What the step disclosed',
      content: { 'application/json': { schema: revealedStep } },
    },
    ...problems(400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
  },
});

/** Routes of the reveal of frozen standings. */
export function revealRoutes({ reveals, grants, cursor }: RevealRoutesDeps): Router {
  const router = createRouter();
  const headers = { 'cache-control': 'no-store' };
  router.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    await grants.authorise(c.var.identity, [{ kind: 'leaderboard', id }]);
    // Read first: a stream opened at it delivers every step that the answer does not contain.
    const at = cursor();
    const canStep = c.var.identity.role === 'ADMIN';
    return c.json({ ...(await reveals.read(id)), canStep, cursor: at }, 200, headers);
  });
  router.openapi(open, async (c) => {
    const { id } = c.req.valid('param');
    await grants.authorise(c.var.identity, [{ kind: 'leaderboard', id }]);
    await reveals.open(id);
    const at = cursor();
    return c.json({ ...(await reveals.read(id)), canStep: true, cursor: at }, 200, headers);
  });
  router.openapi(take, async (c) => {
    const { id } = c.req.valid('param');
    await grants.authorise(c.var.identity, [{ kind: 'leaderboard', id }]);
    const { step, extent } = c.req.valid('json');
    return c.json(await reveals.take(id, step, extent), 200, headers);
  });
  return router;
}
