import { createRoute, z } from '@hono/zod-openapi';
import type { Grants } from '../auth/grants.ts';
import type { ContestReveals } from '../leaderboard/reveal/contest-reveals.ts';
import type { RevealSnapshots } from '../leaderboard/reveal/reveal-snapshots.ts';
import { reveal, revealedStep, revealRequest, revealStandings } from '../protocol/api/reveal.ts';
import { Problem } from '../protocol/problem.ts';
import { asAdmin, asUser } from './callers.ts';
import { chooseEncoding } from './encoding.ts';
import { conditionalHeaders, matchesTag } from './entity-tag.ts';
import { jsonBody, SMALL_BODY } from './json-body.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';
import { whole } from './whole.ts';

export interface RevealRoutesDeps {
  readonly reveals: ContestReveals;
  readonly snapshots: Pick<RevealSnapshots, 'read'>;
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

const standings = createRoute({
  method: 'get',
  path: '/contests/{id}/reveal/standings',
  tags: ['Standings'],
  middleware: asUser,
  summary: 'What everybody is shown of an open reveal: all rows with their cells',
  description:
    'One body for all callers. Name the freeze and the step that you know of, and the answer contains that step.',
  request: {
    params,
    query: z.object({ freeze: whole(0, 1_000_000, 0), step: whole(0, 1_000_000, 0) }),
    headers: conditionalHeaders,
  },
  responses: {
    200: {
      description:
        'The rows, and how far the reveal is. A stream opened at `cursor` delivers every later step.',
      headers: { etag: { schema: { type: 'string' }, description: 'Identifies the step and the versions.' } },
      content: { 'application/json': { schema: revealStandings } },
    },
    304: { description: 'Unchanged; the cursor that you have is still valid.' },
    ...problems(400, 401, 403, 404, 409, 429, 503),
  },
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
export function revealRoutes({ reveals, snapshots, grants, cursor }: RevealRoutesDeps): Router {
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
  router.openapi(standings, async (c) => {
    const { id } = c.req.valid('param');
    await grants.authorise(c.var.identity, [{ kind: 'leaderboard', id }]);
    const { freeze, step } = c.req.valid('query');
    const snapshot = await snapshots.read(id, { freezeNo: freeze, step });
    if (snapshot.body.length === 0) throw new Problem('reveal-not-open');
    const bodies = { identity: snapshot.body, gzip: snapshot.gzipped };
    const encoding = chooseEncoding(c.req.header('accept-encoding'), bodies) === 'gzip' ? 'gzip' : 'identity';
    // Each encoding is a representation of its own (RFC 9110 § 8.8.3).
    const etag = encoding === 'gzip' ? snapshot.etag.replace(/"$/, '-gzip"') : snapshot.etag;
    const tags = { etag, vary: 'accept-encoding', 'cache-control': 'private, no-cache' };
    if (matchesTag(c.req.header('if-none-match'), etag)) return c.body(null, 304, tags);
    const encoded = encoding === 'gzip' ? { 'content-encoding': encoding } : {};
    return new Response(bodies[encoding], {
      headers: { ...tags, ...encoded, 'content-type': 'application/json' },
    });
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
