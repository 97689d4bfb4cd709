import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { type DemoPlayer, demoPlayers, demoToken, demoTokenRequest } from '../protocol/api/demo.ts';
import { Problem } from '../protocol/problem.ts';
import { asAnybody } from './callers.ts';
import { jsonBody, SMALL_BODY } from './json-body.ts';
import { type AppEnv, createRouter, problems, type Router } from './router.ts';

export interface DemoRoutesDeps {
  /** Reads the demo players that a visitor may choose from. */
  readonly identities: () => Promise<readonly Identity[]>;
  /** Mints a token like one of the platform's login, valid for `lifetimeS` seconds. */
  readonly mint: (userId: number, lifetimeS: number) => Promise<string>;
  /** The database's time, in ms since 1970. */
  readonly now: () => number;
}

/** Demo player and its user, who is not on the wire. */
interface Identity extends DemoPlayer {
  readonly userId: number;
}

/** Lifetime of a token, in seconds: short, so that a copied one soon expires. */
const LIFETIME_S = 900;

/** Refuses requests of other sites' pages, also those that CORS would allow. */
const refuseCrossSite: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.header('sec-fetch-site') === 'cross-site') throw new Problem('forbidden');
  await next();
};

const players = createRoute({
  method: 'get',
  path: '/demo/players',
  tags: ['Demo'],
  middleware: asAnybody,
  summary:
    'Players that a visitor of the demo may choose from. Absent unless the demo is on, and always in production',
  security: [],
  responses: {
    200: {
      description: 'The demo players',
      content: {
        'application/json': {
          schema: demoPlayers,
        },
      },
    },
    ...problems(429, 503),
  },
});

const tokens = createRoute({
  method: 'post',
  path: '/demo/tokens',
  tags: ['Demo'],
  middleware: [refuseCrossSite, asAnybody, jsonBody(SMALL_BODY)] as const,
  summary: 'A short token of a demo player. Absent unless the demo is on, and always in production',
  security: [],
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: demoTokenRequest,
        },
      },
    },
  },
  responses: {
    201: {
      description: 'The token',
      content: {
        'application/json': {
          schema: demoToken,
        },
      },
    },
    ...problems(400, 403, 404, 408, 413, 415, 422, 429, 503),
  },
});

/**
 * Routes of the demo: tokens of demo players, and of no admin or service. To be mounted only where the data is made up.
 */
export function demoRoutes({ identities, mint, now }: DemoRoutesDeps): Router {
  const router = createRouter();
  router.openapi(players, async (c) => {
    const known = await identities();
    return c.json({ players: known.map(({ userId: _, ...shown }) => shown) }, 200, {
      'cache-control': 'no-store',
    });
  });
  router.openapi(tokens, async (c) => {
    const { playerId } = c.req.valid('json');
    const chosen = (await identities()).find((identity) => identity.playerId === playerId);
    if (chosen === undefined) throw new Problem('not-found');
    const expiresAt = new Date(now() + LIFETIME_S * 1000).toISOString();
    return c.json({ token: await mint(chosen.userId, LIFETIME_S), playerId, expiresAt }, 201, {
      'cache-control': 'no-store',
    });
  });
  return router;
}
