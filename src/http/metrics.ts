import type { Context } from 'hono';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { requireAdmin } from '../auth/guards.ts';
import type { Identity } from '../auth/identity.ts';
import { type AppEnv, createRouter, type Router } from './router.ts';

/** What is measured, read when somebody looks. */
export interface Measures {
  readonly streams: () => number;
  readonly delivered: () => number;
  readonly position: () => number;
  readonly lag: () => number;
  readonly ringFrames: () => number;
}

export interface MetricsDeps {
  readonly measures: Measures;
  readonly access: 'public' | 'private';
  readonly identify: (c: Context<AppEnv>) => Promise<Identity>;
}

/** Metrics in the Prometheus text format, for anybody, or for admins and services. */
export function metricsRoutes({ measures, access, identify }: MetricsDeps): Router {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('live_streams_open', 'Open streams of this process', measures.streams);
  gauge('live_log_position', 'Position up to which the log was handed on', measures.position);
  gauge('live_log_lag_rows', 'Rows known to exist and not handed on yet', measures.lag);
  gauge('live_ring_frames', 'Recent frames held in memory', measures.ringFrames);
  let counted = 0;
  new Counter({
    name: 'live_frames_delivered_total',
    help: 'Frames handed to streams',
    registers: [registry],
    collect() {
      const now = measures.delivered();
      this.inc(now - counted);
      counted = now;
    },
  });

  const router = createRouter();
  router.get('/metrics', async (c) => {
    if (access === 'private') {
      const identity = await identify(c);
      if (identity.kind !== 'service') requireAdmin(identity);
    }
    return c.body(await registry.metrics(), 200, {
      'content-type': registry.contentType,
      'cache-control': 'no-store',
    });
  });
  return router;
}
