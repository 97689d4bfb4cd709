import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { Counter, Gauge, Registry } from 'prom-client';
import type { OutboxStats } from '../events/outbox/stats.ts';
import { asAnybody, asMetricsReader } from './callers.ts';
import { collectProcessMetrics } from './process-metrics.ts';
import { createRouter, problems, type Router } from './router.ts';

/** Values of the metrics, read per scrape. */
export interface Measures {
  readonly streams: () => number;
  readonly delivered: () => number;
  readonly position: () => number;
  readonly lag: () => number;
  readonly ringFrames: () => number;
  readonly outbox: () => Promise<OutboxStats | undefined>;
  /** Warnings in `/ready`. */
  readonly warnings: () => number;
  /** Hints between nodes; undefined where no backplane is configured. */
  readonly backplane: () =>
    | (Readonly<Record<'sent' | 'received' | 'rejected' | 'unsigned' | 'rows', number>> & {
        readonly up: boolean;
      })
    | undefined;
  /** Rows left out of leaderboards, on the node that publishes them. */
  readonly leftOut: () => number;
}

export interface MetricsDeps {
  /** Number of this process among those of one port: a label of every series; undefined: none. */
  readonly worker: number | undefined;
  readonly measures: Measures;
  readonly access: 'public' | 'private';
}

/** Route of the metrics in the Prometheus text format: public, or for admins and services. */
export function metricsRoutes({ worker, measures, access }: MetricsDeps): Router {
  const registry = new Registry();
  if (worker !== undefined) registry.setDefaultLabels({ worker: String(worker) });
  collectProcessMetrics(registry);
  const gauge = (name: string, help: string, read: () => number | Promise<number | undefined>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const value = await read();
        // An unknown value is left out: the previous one would look current.
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge('live_streams_open', 'Open streams of this process', measures.streams);
  gauge('live_log_position', 'Position up to which the log was delivered', measures.position);
  gauge('live_log_lag_rows', 'Rows known to exist and not delivered yet', measures.lag);
  gauge('live_ring_frames', 'Recent frames held in memory', measures.ringFrames);
  gauge('live_warnings', 'Weaknesses of the database that /ready names', measures.warnings);
  gauge(
    'live_leaderboard_rows_left_out',
    'Participants left out of leaderboards because their rows or cells cannot be shown, on the node that publishes them',
    measures.leftOut,
  );
  const backplane = (read: (state: NonNullable<ReturnType<Measures['backplane']>>) => number) => async () => {
    const state = measures.backplane();
    return state && read(state);
  };
  gauge(
    'live_backplane_up',
    'Whether hints pass between the nodes over Redis',
    backplane(({ up }) => (up ? 1 : 0)),
  );
  gauge(
    'live_backplane_sent',
    'Hints sent by this process',
    backplane(({ sent }) => sent),
  );
  gauge(
    'live_backplane_received',
    'Hints received from other processes',
    backplane(({ received }) => received),
  );
  gauge(
    'live_backplane_rejected',
    'Messages received that no node of this version writes',
    backplane(({ rejected }) => rejected),
  );
  gauge(
    'live_backplane_unsigned',
    'Messages received with rows that no node of this cluster signed',
    backplane(({ unsigned }) => unsigned),
  );
  gauge(
    'live_backplane_rows',
    'Rows of other processes delivered as they were received, without a read of the database',
    backplane(({ rows }) => rows),
  );
  const outbox = (read: (stats: OutboxStats) => number) => async () => {
    const stats = await measures.outbox();
    return stats && read(stats);
  };
  gauge(
    'live_outbox_waiting',
    'Rows of event_outbox waiting to be relayed to the log',
    outbox(({ waiting }) => waiting),
  );
  gauge(
    'live_outbox_failed',
    'Dead letters: rows of event_outbox that cannot be published',
    outbox(({ failed }) => failed),
  );
  gauge(
    'live_outbox_oldest_seconds',
    'Age of the oldest waiting row of event_outbox',
    outbox(({ oldestS }) => oldestS),
  );
  let counted = 0;
  new Counter({
    name: 'live_frames_delivered_total',
    help: 'Frames delivered to streams',
    registers: [registry],
    collect() {
      const now = measures.delivered();
      this.inc(now - counted);
      counted = now;
    },
  });

  const router = createRouter();
  const route = createRoute({
    method: 'get',
    path: '/metrics',
    tags: ['Operation'],
    summary: `Metrics in the Prometheus text format, ${access === 'public' ? 'public' : 'for admins and services'}`,
    middleware: (access === 'public' ? asAnybody : asMetricsReader) as MiddlewareHandler,
    security: access === 'public' ? [] : [{ token: [] }, { service: [] }],
    responses: {
      200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
      ...(access === 'public' ? problems() : problems(400, 401, 403, 429, 503)),
    },
  });
  router.openapi(route, async (c) => {
    return c.text(await registry.metrics(), 200, {
      'content-type': registry.contentType,
      'cache-control': 'no-store',
    });
  });
  return router;
}
