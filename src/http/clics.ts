import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Grants } from '../auth/grants.ts';
import type { UserIdentity } from '../auth/identity.ts';
import type { TypeFilter } from '../channel/batch.ts';
import { accessObject } from '../clics/access-object.ts';
import type { ContestFeed } from '../clics/contest-feed.ts';
import type { ContestFeeds } from '../clics/contest-feeds.ts';
import { contestObject } from '../clics/contest-objects.ts';
import { openFeedSink } from '../clics/feed-sink.ts';
import { COLLECTION_TYPES, type Objects, selectObjects } from '../clics/feed-view.ts';
import { prepareResume, type ResumeDeps } from '../clics/resume-feed.ts';
import type { Scoreboards } from '../clics/scoreboard.ts';
import { serveFeed } from '../clics/serve-feed.ts';
import type { Queries } from '../db/database.ts';
import type { Audience } from '../leaderboard/stored-leaderboard.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { readContestFacts } from '../platform/contest-facts.ts';
import { listContests } from '../platform/contests.ts';
import { hasWinnersColumn } from '../platform/results.ts';
import { Problem } from '../protocol/problem.ts';
import { scopes } from '../protocol/scope.ts';
import type { Admission } from '../stream/admission.ts';
import type { createPlanner } from '../stream/resolve-plan.ts';
import type { Streams } from '../stream/streams.ts';
import type { AddressOf } from './app-env.ts';
import { asToolListener, asToolUser } from './callers.ts';
import { createRouter, idParam, problems, type Router } from './router.ts';
import {
  ENDLESS_HEADERS,
  type ListenerEnv,
  requireFreeConnection,
  streamOwnerOf,
  streamResponse,
} from './stream-response.ts';

export interface ClicsRoutesDeps extends ResumeDeps {
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
  readonly database: Pick<Queries, 'query'>;
  readonly clock: PlatformClock;
  readonly grants: Grants;
  readonly feeds: Pick<ContestFeeds, 'read'>;
  readonly scoreboards: Pick<Scoreboards, 'read'>;
  readonly streams: Streams;
  readonly plan: ReturnType<typeof createPlanner>;
  readonly admission: Pick<Admission, 'enter'>;
  readonly addressOf: AddressOf;
  readonly version: string;
  readonly onError: (error: unknown) => void;
}

/** Version of the specification that the objects follow. */
const VERSION = '2023-06';
const FEED_HEADERS = { 'content-type': 'application/x-ndjson', ...ENDLESS_HEADERS } as const;
const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const;
/** Max contests in the list: the newest. */
const MAX_CONTESTS = 500;
/** A feed takes its changes from the tables: of the log, its stream is sent nothing. */
const NO_EVENTS: TypeFilter = { key: 'none', types: new Set() };

const contestParams = z.object({ id: idParam('id') });
const typeParam = z.string().openapi({
  param: { name: 'type', in: 'path' },
  enum: [...COLLECTION_TYPES],
  example: 'submissions',
});
const object = z.looseObject({}).openapi('ClicsObject', {
  description: 'An object of the Contest API, as its specification has it.',
});

function describe<
  const P extends string,
  R extends object,
  M extends typeof asToolUser | ReturnType<typeof asToolListener>,
>(
  path: P,
  summary: string,
  middleware: M,
  request: R,
  content: Readonly<Record<string, { readonly schema: z.ZodType }>>,
) {
  return createRoute({
    method: 'get',
    path,
    tags: ['Contest API (CLICS)'],
    summary,
    middleware,
    security: [{ token: [] }, { cookie: [] }],
    request,
    responses: {
      200: { description: 'As the specification has it', content },
      ...problems(400, 401, 403, 404, 429, 503),
    },
  });
}

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });

/** Routes of the CLICS Contest API, for tools of contests: read-only, under a prefix of their own. */
export function clicsRoutes(deps: ClicsRoutesDeps): Router {
  const { database, clock, grants } = deps;
  const router = createRouter();

  const audienceOf = ({ role }: UserIdentity): Audience => (role === 'ADMIN' ? 'real' : 'shown');
  /** @throws Problem `not-found` */
  async function feedOf(identity: UserIdentity, id: number): Promise<ContestFeed> {
    await grants.authorise(identity, [{ kind: 'contest', id }]);
    const feed = await deps.feeds.read(id);
    if (!feed) throw new Problem('not-found');
    return feed;
  }

  router.openapi(describe('/clics', 'The version of the Contest API', asToolUser, {}, json(object)), (c) =>
    c.json({
      version: VERSION,
      version_url: `https://ccs-specs.icpc.io/${VERSION}/contest_api`,
      provider: { name: 'CodeCraft Live', version: deps.version },
    }),
  );
  router.openapi(
    describe(
      '/clics/contests',
      'The contests that the caller may see, newest first',
      asToolUser,
      {},
      json(z.array(object)),
    ),
    async (c) => {
      const { userId, playerId, role } = c.var.identity;
      const viewer = { userId, playerId, isAdmin: role === 'ADMIN' };
      const query = { before: undefined, limit: MAX_CONTESTS, statuses: [] };
      const ids = (await listContests(database, clock, viewer, query)).map(({ id }) => id);
      const facts = await readContestFacts(database, clock, ids, await hasWinnersColumn(database));
      const byId = new Map(facts.map((contest) => [contest.id, contest]));
      const contests = ids.flatMap((id) => byId.get(id) ?? []).map(contestObject);
      return c.json(contests, 200, { 'cache-control': 'no-store' });
    },
  );
  router.openapi(
    describe('/clics/contests/{id}', 'A contest', asToolUser, { params: contestParams }, json(object)),
    async (c) => {
      const { identity } = c.var;
      const feed = await feedOf(identity, c.req.valid('param').id);
      return jsonResponse(feed.view(audienceOf(identity)).singleton('contest'));
    },
  );
  router.openapi(
    describe(
      '/clics/contests/{id}/access',
      'What can be read of a contest',
      asToolUser,
      { params: contestParams },
      json(object),
    ),
    async (c) => {
      await grants.authorise(c.var.identity, [{ kind: 'contest', id: c.req.valid('param').id }]);
      return c.json(accessObject());
    },
  );
  router.openapi(
    describe(
      '/clics/contests/{id}/state',
      'The state of a contest',
      asToolUser,
      { params: contestParams },
      json(object),
    ),
    async (c) => {
      const { identity } = c.var;
      const feed = await feedOf(identity, c.req.valid('param').id);
      return jsonResponse(feed.view(audienceOf(identity)).singleton('state'));
    },
  );
  router.openapi(
    describe(
      '/clics/contests/{id}/scoreboard',
      'The scoreboard of a contest, with the ranks of its leaderboard',
      asToolUser,
      { params: contestParams },
      json(object),
    ),
    async (c) => {
      const { identity } = c.var;
      const { id } = c.req.valid('param');
      const feed = await feedOf(identity, id);
      // There are no groups, so none has a scoreboard.
      if (c.req.query('group_id') !== undefined) throw new Problem('not-found');
      return jsonResponse(await deps.scoreboards.read(feed, audienceOf(identity)));
    },
  );
  router.openapi(
    describe(
      '/clics/contests/{id}/event-feed',
      'Every object of a contest, then every change',
      asToolListener(deps.admission),
      {
        params: contestParams,
        query: z.object({
          since_token: z.string().max(64).optional().openapi({
            description:
              'The last token: only what has changed since is sent, or every collection where that is not certain to be all. Any cursor of a stream: every collection.',
          }),
        }),
      },
      { 'application/x-ndjson': { schema: z.string() } },
    ),
    (c) => openFeed(c, c.req.valid('param').id, c.req.valid('query').since_token),
  );
  router.openapi(
    describe(
      '/clics/contests/{id}/{type}',
      'All objects of a type; `?<property>_id=` filters them',
      asToolUser,
      { params: contestParams.extend({ type: typeParam }) },
      json(z.array(object)),
    ),
    async (c) => {
      const { id, type } = c.req.valid('param');
      const objects = await objectsOf(c.var.identity, id, type);
      const filters = Object.entries(c.req.query()).filter(([name]) => name.endsWith('_id'));
      return jsonResponse(`[${selectObjects(objects, filters).join(',')}]`);
    },
  );
  router.openapi(
    describe(
      '/clics/contests/{id}/{type}/{object}',
      'One object',
      asToolUser,
      { params: contestParams.extend({ type: typeParam, object: z.string().max(36) }) },
      json(object),
    ),
    async (c) => {
      const { id, type, object: objectId } = c.req.valid('param');
      return jsonResponse((await objectsOf(c.var.identity, id, type)).get(objectId));
    },
  );
  return router;

  async function objectsOf(identity: UserIdentity, id: number, text: string): Promise<Objects> {
    const type = COLLECTION_TYPES.find((known) => known === text);
    if (!type) throw new Problem('not-found');
    return (await feedOf(identity, id)).view(audienceOf(identity)).objects(type);
  }

  async function openFeed(c: Context<ListenerEnv>, id: number, token: string | undefined): Promise<Response> {
    const { identity } = c.var;
    // Verification tolerates clock skew. A feed would end at once, and its client would reconnect at once.
    if (identity.expiresAt.getTime() <= deps.now()) throw new Problem('token-expired');
    const audience = audienceOf(identity);
    const listened = [scopes.contest(id), ...(audience === 'real' ? [scopes.hidden(id)] : [])];
    await grants.authorise(identity, [{ kind: 'contest', id }]);
    c.var.release();
    if (c.req.method === 'HEAD') return new Response(null, { headers: FEED_HEADERS });
    requireFreeConnection(c);
    deps.streams.admit();
    const resume = await prepareResume(token, audience, deps);
    const plan = await deps.plan(undefined, listened, NO_EVENTS.types);
    const feed = await deps.feeds.read(id);
    if (!feed) throw new Problem('not-found');
    const start = resume(feed);
    // Again: streams may have been closed while the contest was read.
    deps.streams.admit();
    const over = new AbortController();
    return streamResponse(c, FEED_HEADERS, (sink) => {
      const stream = deps.streams.open(
        {
          owner: streamOwnerOf(c.req, identity, deps.addressOf(c)),
          scopes: listened,
          filter: NO_EVENTS,
          requested: token,
          plan: plan(),
          expiresAt: identity.expiresAt,
        },
        openFeedSink(sink, () => over.abort()),
      );
      serveFeed(stream, over.signal, feed, audience, start).catch((error) => {
        deps.onError(error);
        stream.close('reset');
      });
    });
  }
}

/** @throws Problem `not-found` where there is no such object */
function jsonResponse(text: string | undefined): Response {
  if (text === undefined) throw new Problem('not-found');
  return new Response(text, { headers: JSON_HEADERS });
}
