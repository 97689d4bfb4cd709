import { createRoute, z } from '@hono/zod-openapi';
import type { Context, HonoRequest } from 'hono';
import type { Grants } from '../auth/grants.ts';
import type { UserIdentity } from '../auth/identity.ts';
import type { TypeFilter } from '../channel/batch.ts';
import { EVENT_TYPES, isEventType } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import {
  formatScope,
  type ParsedScope,
  parseId,
  ROLE_SCOPES,
  type ScopeKind,
  type ScopeKindWithId,
} from '../protocol/scope.ts';
import type { Admission } from '../stream/admission.ts';
import type { createPlanner } from '../stream/resolve-plan.ts';
import type { Streams } from '../stream/streams.ts';
import { asListener } from './callers.ts';
import { refuseStream } from './refuse-stream.ts';
import { parseScopes, splitScopes, withRequestedNames } from './requested-scopes.ts';
import { type AppEnv, createRouter, problems, type Router } from './router.ts';
import {
  ENDLESS_HEADERS,
  type ListenerEnv,
  requireFreeConnection,
  streamOwnerOf,
  streamResponse,
} from './stream-response.ts';

export interface StreamRoutesDeps {
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
  readonly streams: Streams;
  readonly plan: ReturnType<typeof createPlanner>;
  readonly grants: Grants;
  readonly addressOf: (c: Context<AppEnv>) => string | undefined;
  /** Cursor of the newest frame that was delivered to streams of this node. */
  readonly cursor: () => string;
  /** Max scopes on one stream. */
  readonly maxScopes: number;
  readonly admission: Pick<Admission, 'enter'>;
  /** Whether streams are compressed for clients that accept gzip. */
  readonly gzip: boolean;
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  vary: 'accept-encoding',
  ...ENDLESS_HEADERS,
} as const;

const query = z.object({
  types: z
    .string()
    .optional()
    .openapi({ description: 'Only these types, separated by commas.', example: 'LEVEL_UP,RANK_CHANGE' }),
  lastEventId: z.string().optional().openapi({
    description:
      'Resume after this cursor; `Last-Event-ID` outranks it. `earliest`: everything that is retained.',
  }),
});

/** Path of the stream of one scope, per kind; undefined: `/streams?scope=` alone. */
const PATHS = {
  player: '/streams/players/{id}',
  contest: '/streams/contests/{id}',
  leaderboard: '/streams/contests/{id}/leaderboard',
  real: undefined,
  shown: undefined,
  hidden: undefined,
  cells: undefined,
  realCells: undefined,
  problem: '/streams/problems/{id}',
  global: undefined, // below, without an id
  players: undefined,
  admins: undefined,
  companies: undefined,
  ops: undefined,
} as const satisfies Record<ScopeKind, string | undefined>;

/** Routes that open streams. */
export function streamRoutes(deps: StreamRoutesDeps): Router {
  const router = createRouter();
  const listener = asListener((error, c) => refused(error, c, deps.cursor()), deps.admission);
  for (const [kind, path] of Object.entries(PATHS) as [ScopeKindWithId, string | undefined][]) {
    if (path === undefined) continue;
    const params = z.object({
      id: z.string().openapi({
        param: { name: 'id', in: 'path' },
        description: kind === 'player' ? 'A player id, or `me`.' : 'An id.',
        example: kind === 'player' ? 'me' : '3',
      }),
    });
    router.openapi(describe(path, `The stream of one ${kind}`, listener, { params, query }), (c) => {
      const scopeOf = (identity: UserIdentity) => scopeIn(c.req.param('id') ?? '', kind, identity);
      return open(c, deps, (identity) => [scopeOf(identity)]);
    });
  }
  router.openapi(describe('/streams/global', 'The stream of all users', listener, { query }), (c) =>
    open(c, deps, () => [{ kind: 'global' }]),
  );
  const manyQuery = query.extend({
    scope: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .openapi({
        description: 'May be repeated, and may hold several, separated by commas.',
        example: ['player:me', 'contest:3'],
      }),
  });
  router.openapi(
    describe('/streams', 'Several scopes on one connection, with one cursor', listener, { query: manyQuery }),
    (c) =>
      open(c, deps, (identity) => parseScopes(requestedScopes(c, identity), identity, deps.maxScopes), true),
  );
  return router;
}

function describe<R extends object>(
  path: string,
  summary: string,
  middleware: ReturnType<typeof asListener>,
  request: R,
) {
  return createRoute({
    method: 'get',
    path,
    tags: ['Streams'],
    summary,
    middleware,
    security: [{ token: [] }, { cookie: [] }, { ticket: [] }],
    request,
    responses: {
      200: {
        description: 'Events, until either side closes.',
        content: { 'text/event-stream': { schema: z.string() } },
      },
      ...problems(400, 401, 403, 404, 429, 503),
    },
  });
}

/** @param many whether the caller names the scopes, so that a refusal names them, too */
async function open(
  c: Context<ListenerEnv>,
  deps: StreamRoutesDeps,
  scopesOf: (identity: UserIdentity) => readonly ParsedScope[],
  many = false,
): Promise<Response> {
  try {
    return await openFrom(requestedBy(c.req), c, deps, scopesOf, many);
  } catch (error) {
    const answer = refused(error, c, deps.cursor());
    if (!answer) throw error;
    return answer;
  }
}

/** Scopes in the query, else those of the ticket. */
function requestedScopes(
  { req }: { readonly req: HonoRequest },
  { ticket }: UserIdentity,
): readonly string[] {
  return splitScopes(req.queries('scope')) ?? ticket?.scopes ?? [];
}

function requestedBy(req: HonoRequest): string | undefined {
  return req.header('last-event-id') || req.query('lastEventId') || undefined;
}

function refused(error: unknown, { req }: { readonly req: HonoRequest }, present: string) {
  return refuseStream(error, req.header('accept'), requestedBy(req), present);
}

async function openFrom(
  requested: string | undefined,
  c: Context<ListenerEnv>,
  deps: StreamRoutesDeps,
  scopesOf: (identity: UserIdentity) => readonly ParsedScope[],
  many: boolean,
): Promise<Response> {
  const { identity } = c.var;
  // Verification tolerates clock skew. A stream would end at once, and its client would reconnect at once.
  if (identity.expiresAt.getTime() <= deps.now()) throw new Problem('token-expired');
  const parsed = scopesOf(identity);
  const filter = filterOf(c.req.query('types'));
  await deps.grants
    .authorise(identity, parsed, many)
    .catch(withRequestedNames(many ? requestedScopes(c, identity) : [], identity));
  // What follows reads what all openings share, and may wait for the log: others open meanwhile.
  c.var.release();
  if (c.req.method === 'HEAD') return new Response(null, { headers: STREAM_HEADERS });

  requireFreeConnection(c);
  const withCells = c.req.query('cells') === '1';
  const scopes = [
    ...new Set(parsed.flatMap((scope) => withAudience(scope, identity, withCells)).map(formatScope)),
  ];
  deps.streams.admit();
  const resume = await deps.plan(requested, scopes, filter?.types);
  // Again: streams may have been closed while the plan was read from the database.
  deps.streams.admit();
  const request = {
    owner: streamOwnerOf(c, identity, deps.addressOf(c as unknown as Context<AppEnv>)),
    scopes,
    filter,
    requested,
    plan: resume(),
    expiresAt: identity.expiresAt,
  };
  // Nor are streams of admins compressed, which carry what users who chose some of the text may not read.
  const gzip = deps.gzip && identity.role !== 'ADMIN';
  return streamResponse(c, STREAM_HEADERS, (sink) => deps.streams.open(request, sink), gzip);
}

function scopeIn(text: string, kind: ScopeKindWithId, identity: UserIdentity): ParsedScope {
  if (kind === 'player' && text === 'me') {
    if (identity.playerId === undefined) throw new Problem('no-player');
    return { kind, id: identity.playerId };
  }
  const id = parseId(text);
  if (id === undefined) throw new Problem('invalid-id');
  return { kind, id };
}

/**
 * Adds what a freeze shows: to admins the real leaderboard and the hidden events, to others the frozen leaderboard; and the
 * cells of leaderboards, where they are asked for. With `global` comes what is for the user's role alone.
 */
function withAudience(scope: ParsedScope, { role }: UserIdentity, withCells: boolean): ParsedScope[] {
  const admin = role === 'ADMIN';
  if (scope.kind === 'leaderboard') {
    const { id } = scope;
    const cells: ParsedScope[] = withCells ? [{ kind: admin ? 'realCells' : 'cells', id }] : [];
    return admin
      ? [scope, { kind: 'real', id }, { kind: 'hidden', id }, ...cells]
      : [scope, { kind: 'shown', id }, ...cells];
  }
  if (scope.kind === 'cells' && admin) return [scope, { kind: 'realCells', id: scope.id }];
  // The platform may have roles that this release does not know: there is nothing for these alone.
  if (scope.kind === 'global' && Object.hasOwn(ROLE_SCOPES, role))
    return [scope, { kind: ROLE_SCOPES[role] }];
  return scope.kind === 'contest' && admin ? [scope, { kind: 'hidden', id: scope.id }] : [scope];
}

function filterOf(text: string | undefined): TypeFilter | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim());
  const types = names.filter(isEventType);
  if (types.length !== names.length)
    throw new Problem('invalid-type', { detail: `types are ${EVENT_TYPES.join(', ')}` });
  const sorted = [...new Set(types)].sort();
  return { key: sorted.join(','), types: new Set(sorted) };
}
