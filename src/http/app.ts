import { finished } from 'node:stream/promises';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { Problem } from '../protocol/problem.ts';
import { crossOrigin } from './cross-origin.ts';
import { mountDocs } from './docs.ts';
import { problemResponse, toProblem } from './problem-response.ts';
import { type AppEnv, createRouter, type Router } from './router.ts';

export interface AppDeps {
  readonly version: string;
  readonly isAllowedOrigin: (origin: string) => boolean;
  /** The routers of the service, each with what it needs. */
  readonly routers: readonly Router[];
  /** Told of errors that are ours, not the client's. */
  readonly onError?: (error: unknown, request: { method: string; path: string }) => void;
}

/** The most a request's body may weigh, in bytes. */
const MAX_BODY = 4 * 1024 * 1024;
/** For how long the rest of a larger one is taken, in ms. */
const DISCARD_MS = 5_000;

/** The whole service as one Hono app. It listens to nothing. */
export function createApp(deps: AppDeps): Router {
  const app = createRouter();
  app.use(async (c, next) => {
    if (c.req.header('upgrade')?.toLowerCase() === 'websocket') throw new Problem('upgrade-unsupported');
    await next();
  });
  app.use(crossOrigin(deps.isAllowedOrigin));
  // Whether only HTTPS may be used is for whoever terminates it to say.
  app.use(secureHeaders({ crossOriginResourcePolicy: 'cross-origin', strictTransportSecurity: false }));
  const tooLarge = () => {
    throw new Problem('body-too-large', { detail: `at most ${MAX_BODY} bytes` });
  };
  const limited = bodyLimit({ maxSize: MAX_BODY, onError: tooLarge });
  app.use((c, next) => {
    const length = bodyLength(c.req.raw);
    if (length === undefined) return limited(c, next);
    return length > MAX_BODY ? discard(c).then(tooLarge) : next();
  });
  app.use(async (c, next) => {
    if (carriesBody(c.req.raw) && !/^application\/json *(;|$)/i.test(c.req.header('content-type') ?? ''))
      throw new Problem('unsupported-media-type');
    await next();
  });
  for (const router of deps.routers) app.route('/', router);
  mountDocs(app, deps.version);
  app.notFound((c) => {
    const methods = methodsOf(app, c.req.path);
    if (methods.length === 0) return problemResponse(new Problem('not-found'));
    const response = problemResponse(new Problem('method-not-allowed'));
    response.headers.set('allow', methods.join(', '));
    return response;
  });
  app.onError((error, c) => {
    const problem = hungUp(c) ? new Problem('bad-request') : toProblem(error);
    if (problem.status >= 500) deps.onError?.(error, { method: c.req.method, path: c.req.path });
    return problemResponse(problem);
  });
  return app;
}

/** Takes what is still to come of a body: who is busy sending would not hear the answer, nor be heard with the next request. */
async function discard({ env }: Context<AppEnv>): Promise<void> {
  const body = env?.incoming;
  if (body === undefined) return;
  body.resume();
  await finished(body, { writable: false, signal: AbortSignal.timeout(DISCARD_MS) }).catch(() => {});
}

/** Whether the client was gone before its request was here: nobody's fault, and nobody to answer. */
function hungUp({ env }: Context<AppEnv>): boolean {
  return env?.incoming?.destroyed === true && !env.incoming.complete;
}

/**
 * How long a body is as the head of its request says; undefined where only the body tells. Only to look whether there is
 * a body makes a whole `Request` of what was a light view of Node's, and a stream would keep that for as long as it is open.
 */
function bodyLength({ method, headers }: Request): number | undefined {
  if (method === 'GET' || method === 'HEAD') return 0;
  const length = headers.get('content-length');
  return length === null || headers.has('transfer-encoding') ? undefined : Number(length);
}

/** RFC 9112 § 6: a request has a body where its header says how that is framed. */
function carriesBody({ method, headers }: Request): boolean {
  if (method !== 'POST' && method !== 'PUT') return false;
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
}

/** Which methods a path answers to. */
function methodsOf(app: Router, path: string): string[] {
  const methods = ['GET', 'POST', 'PUT', 'DELETE'].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.path !== '/*' && route.method !== 'ALL'),
  );
  return methods.includes('GET') ? ['GET', 'HEAD', ...methods.slice(1)] : methods;
}
