import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { asListener } from './callers.ts';
import { refusalContent } from './refuse-stream.ts';
import { createRouter, problems, type Router } from './router.ts';
import {
  type NamedScopes,
  type OpeningRequest,
  prepareOpening,
  QUERIED_SCOPES,
  requestedBy,
  type StreamOpeningDeps,
} from './stream-opening.ts';
import { GLOBAL_SCOPE, PATHS_WITH_ID, scopeInPath } from './stream-paths.ts';
import { type ListenerEnv, STREAM_HEADERS, streamResponse } from './stream-response.ts';

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

/** Routes that open streams. */
export function streamRoutes(deps: StreamOpeningDeps): Router {
  const router = createRouter();
  const listener = asListener((error, c) => refused(error, c, deps.cursor()), deps.admission);
  for (const { kind, path } of PATHS_WITH_ID) {
    const params = z.object({
      id: z.string().openapi({
        param: { name: 'id', in: 'path' },
        description: kind === 'player' ? 'A player id, or `me`.' : 'An id.',
        example: kind === 'player' ? 'me' : '3',
      }),
    });
    router.openapi(describe(path, `The stream of one ${kind}`, listener, { params, query }), (c) =>
      open(c, deps, scopeInPath(kind, c.req.param('id') ?? '')),
    );
  }
  router.openapi(describe('/streams/global', 'The stream of all users', listener, { query }), (c) =>
    open(c, deps, GLOBAL_SCOPE),
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
    (c) => open(c, deps, QUERIED_SCOPES),
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

async function open(c: Context<ListenerEnv>, deps: StreamOpeningDeps, named: NamedScopes): Promise<Response> {
  try {
    const prepare = await prepareOpening(deps, c, c.var.identity, named, c.var.release);
    if (prepare === undefined) return new Response(null, { headers: STREAM_HEADERS });
    const { request, gzip } = prepare();
    return streamResponse(c, STREAM_HEADERS, (sink) => deps.streams.open(request, sink), gzip);
  } catch (error) {
    const answer = refused(error, c, deps.cursor());
    if (!answer) throw error;
    return answer;
  }
}

function refused(
  error: unknown,
  { req }: Pick<OpeningRequest, 'req'>,
  present: string,
): Response | undefined {
  const content = refusalContent(error, req.header('accept'), requestedBy(req), present);
  return content && new Response(content.body, { headers: content.headers });
}
