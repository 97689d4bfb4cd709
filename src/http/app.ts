import { Problem } from '../protocol/problem.ts';
import type { Callers } from './app-env.ts';
import { crossOrigin } from './cross-origin.ts';
import { mountDocs } from './docs.ts';
import { isJson } from './json-body.ts';
import { type OnRequestError, problemOf, problemResponse } from './problem-response.ts';
import { createRouter, type Router } from './router.ts';
import { securityHeaders } from './security-headers.ts';

export interface AppDeps {
  readonly version: string;
  readonly isAllowedOrigin: (origin: string) => boolean;
  /** The routers of the service, each with what it needs. */
  readonly routers: readonly Router[];
  /** Needed by routes that identify callers or limit their requests. */
  readonly callers?: Callers;
  readonly onError?: OnRequestError;
}

/** Creates the Hono app of all routes. It does not listen. */
export function createApp(deps: AppDeps): Router {
  const app = createRouter();
  app.use(async (c, next) => {
    if (c.req.header('upgrade')?.toLowerCase() === 'websocket') throw new Problem('upgrade-unsupported');
    await next();
  });
  app.use(crossOrigin(deps.isAllowedOrigin));
  app.use(securityHeaders);
  app.use(async (c, next) => {
    c.set('callers', deps.callers);
    await next();
  });
  app.use(async (c, next) => {
    if (carriesBody(c.req.raw) && !isJson(c.req.header('content-type')))
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
    const { method, path } = c.req;
    return problemResponse(problemOf(error, { method, path }, c.env?.incoming, deps.onError));
  });
  return app;
}

/** RFC 9112 § 6: a request has a body where its headers define its framing. */
function carriesBody({ method, headers }: Request): boolean {
  if (method !== 'POST' && method !== 'PUT') return false;
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
}

/** Methods that a path has routes for. */
function methodsOf(app: Router, path: string): string[] {
  const methods = ['GET', 'POST', 'PUT', 'DELETE'].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.path !== '/*' && route.method !== 'ALL'),
  );
  return methods.includes('GET') ? ['GET', 'HEAD', ...methods.slice(1)] : methods;
}
