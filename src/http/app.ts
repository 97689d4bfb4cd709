import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { Problem } from '../protocol/problem.ts';
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

/** The whole service as one Hono app. It listens to nothing. */
export function createApp(deps: AppDeps): Router {
  const app = createRouter();
  app.use(async (c, next) => {
    if (c.req.header('upgrade')?.toLowerCase() === 'websocket') throw new Problem('upgrade-unsupported');
    await next();
  });
  app.use(
    cors({
      origin: (origin) => (deps.isAllowedOrigin(origin) ? origin : null),
      credentials: true,
      allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match', 'Last-Event-ID'],
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
      exposeHeaders: ['Retry-After', 'ETag'],
      maxAge: 600,
    }),
  );
  // Whether only HTTPS may be used is for whoever terminates it to say.
  app.use(secureHeaders({ crossOriginResourcePolicy: 'cross-origin', strictTransportSecurity: false }));
  const limited = bodyLimit({
    maxSize: MAX_BODY,
    onError: () => {
      throw new Problem('body-too-large', { detail: `at most ${MAX_BODY} bytes` });
    },
  });
  app.use((c, next) => (isBounded(c.req.raw) ? next() : limited(c, next)));
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

/** Whether the client was gone before its request was here: nobody's fault, and nobody to answer. */
function hungUp({ env }: Context<AppEnv>): boolean {
  return env?.incoming?.destroyed === true && !env.incoming.complete;
}

/**
 * Whether the head of a request shows already that its body is not too large. Only to look whether there is a body makes
 * a whole `Request` of what was a light view of Node's, and a stream would keep that for as long as it is open.
 */
function isBounded({ method, headers }: Request): boolean {
  if (method === 'GET' || method === 'HEAD') return true;
  const length = headers.get('content-length');
  return length !== null && !headers.has('transfer-encoding') && Number(length) <= MAX_BODY;
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
