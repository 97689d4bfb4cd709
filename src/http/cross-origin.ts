import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { AppEnv } from './router.ts';

const EXPOSED = ['Retry-After', 'ETag'];

/** Whether pages of an origin may call the service with their cookies. */
export type IsAllowedOrigin = (origin: string) => boolean;

/** Headers that a response to a request of this origin needs, beside `Vary`. */
export function crossOriginHeaders(
  origin: string | undefined,
  isAllowed: IsAllowedOrigin,
): [name: string, value: string][] {
  return [
    ['access-control-allow-credentials', 'true'],
    ['access-control-expose-headers', EXPOSED.join(',')],
    ...(origin !== undefined && isAllowed(origin)
      ? [['access-control-allow-origin', origin] as [string, string]]
      : []),
  ];
}

/**
 * Lets pages of allowed origins call the service with their cookies (CORS).
 *
 * Preflights are handled by Hono. For other requests Hono's middleware would copy every response, body included; this
 * one adds its headers to the response itself.
 */
export function crossOrigin(isAllowed: IsAllowedOrigin): MiddlewareHandler<AppEnv> {
  const preflight = cors({
    origin: (origin) => (isAllowed(origin) ? origin : null),
    credentials: true,
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match', 'Last-Event-ID'],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    exposeHeaders: EXPOSED,
    maxAge: 600,
  });
  return async (c, next) => {
    if (c.req.method === 'OPTIONS') return preflight(c, next);
    const headers = crossOriginHeaders(c.req.header('origin'), isAllowed);
    // For streams, whose headers are sent before `next` resolves.
    c.set('crossOriginHeaders', headers);
    await next();
    if (c.res === RESPONSE_ALREADY_SENT) return;
    for (const [name, value] of headers) c.res.headers.set(name, value);
    if (!/\borigin\b/i.test(c.res.headers.get('vary') ?? '')) c.res.headers.append('vary', 'Origin');
  };
}
