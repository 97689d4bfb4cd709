import { createRoute, z } from '@hono/zod-openapi';
import { errnoOf, isStorageError } from '../db/errors.ts';
import { createRouter, problems, type Router } from './router.ts';

/** State of this process, for health checks. */
export interface Vitals {
  readonly version: string;
  readonly nodeId: string;
  /** Number of this process among those of one port; undefined where it is alone. */
  readonly worker?: number | undefined;
  /** Time since the process was started, in s. */
  readonly uptimeS: () => number;
  readonly streams: () => number;
  readonly follower: () => { connected: boolean; position: number; epoch: string; lag: number };
  /** Time since the follower last read the log unchanged, in ms. */
  readonly followerSilentMs: () => number;
  /** Outcome of this process's recent appends; undefined where there were none. */
  readonly appends: () => 'succeeding' | 'failing' | undefined;
  /** Whether the service drains: it still serves, but a load balancer should send no new clients. */
  readonly draining: () => boolean;
  /** Rejects where the database does not answer in time. */
  readonly pingDatabase: () => Promise<void>;
  /** Rejects where an append would fail. */
  readonly probeWrite: () => Promise<void>;
  /** Weaknesses of the database, a sentence each; they do not make the process unready. */
  readonly warnings: () => readonly string[];
}

const live = z
  .object({
    status: z.literal('ok'),
    version: z.string(),
    node: z.string(),
    worker: z.int().optional(),
    uptimeS: z.int(),
    streams: z.int(),
    follower: z.object({
      connected: z.boolean(),
      position: z.int(),
      epoch: z.string(),
      lag: z.int(),
    }),
  })
  .openapi('Health');

const ready = z
  .object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.string()),
    warnings: z.array(z.string()),
  })
  .openapi('Readiness');

/** Routes of liveness, which needs no database, and of readiness, which does. */
export function healthRoutes(vitals: Vitals): Router {
  const router = createRouter();
  router.openapi(
    createRoute({
      method: 'get',
      path: '/health',
      tags: ['Operation'],
      summary: 'Whether the process is alive; does not use the database',
      security: [],
      responses: {
        200: { description: 'Alive', content: { 'application/json': { schema: live } } },
        ...problems(),
      },
    }),
    (c) =>
      c.json(
        {
          status: 'ok' as const,
          version: vitals.version,
          node: vitals.nodeId,
          ...(vitals.worker === undefined ? {} : { worker: vitals.worker }),
          uptimeS: Math.floor(vitals.uptimeS()),
          streams: vitals.streams(),
          follower: vitals.follower(),
        },
        200,
        { 'cache-control': 'no-store' },
      ),
  );
  router.openapi(
    createRoute({
      method: 'get',
      path: '/ready',
      tags: ['Operation'],
      summary: 'Whether the process can serve: events can be published, and the log is followed',
      security: [],
      responses: {
        200: { description: 'Ready', content: { 'application/json': { schema: ready } } },
        503: { description: 'Not ready', content: { 'application/json': { schema: ready } } },
        ...problems(),
      },
    }),
    async (c) => {
      const { connected, lag } = vitals.follower();
      const checks: Record<string, string> = {
        database: await vitals.pingDatabase().then(
          () => 'ok',
          () => 'does not answer',
        ),
        publishing: await publishing(vitals),
        follower: !connected
          ? 'not connected'
          : vitals.followerSilentMs() > MAX_SILENCE_MS
            ? `has not read the log for ${Math.round(vitals.followerSilentMs() / 1_000)} s`
            : lag > MAX_LAG
              ? `${lag} rows behind`
              : 'ok',
        shutdown: vitals.draining() ? 'draining' : 'ok',
      };
      const fine = Object.values(checks).every((check) => check === 'ok');
      const warnings = [...vitals.warnings()];
      return c.json({ ready: fine, checks, warnings }, fine ? 200 : 503, { 'cache-control': 'no-store' });
    },
  );
  return router;
}

/** Max rows of the log that are known and not delivered yet. */
const MAX_LAG = 10_000;
/** Max time since the follower last read the log, in ms. At rest it reads every 50 ms, with hints every 0.25 s. */
const MAX_SILENCE_MS = 5_000;

/** Checks whether events can be published here: by the last append, else by a write that is rolled back. */
async function publishing({ appends, probeWrite }: Vitals): Promise<string> {
  const state = appends();
  if (state === 'succeeding') return 'ok';
  try {
    await probeWrite();
    return state === 'failing' ? 'the last append failed' : 'ok';
  } catch (error) {
    return isStorageError(error)
      ? `the database cannot store (error ${errnoOf(error)})`
      : 'no answer in time';
  }
}
