import type { Hints } from '../backplane/hints.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import type { DatabaseProbe } from '../db/probe.ts';
import { watchOutbox } from '../events/outbox/stats.ts';
import { healthRoutes } from '../http/health.ts';
import { metricsRoutes } from '../http/metrics.ts';
import type { Streams } from '../stream/streams.ts';
import type { Leaderboards } from './leaderboards.ts';
import type { LogPipeline } from './log-pipeline.ts';
import type { Part } from './parts.ts';
import type { Shutdown } from './shutdown.ts';
import type { Warnings } from './warnings.ts';

export interface OperationDeps {
  readonly version: string;
  readonly nodeId: string;
  /** Number of this process among those of one port; undefined where it is alone. */
  readonly worker: number | undefined;
  readonly database: Pick<Database, 'stalledMs'>;
  readonly background: Database;
  readonly probe: DatabaseProbe;
  readonly warnings: Pick<Warnings, 'lines'>;
  readonly log: Pick<LogPipeline, 'appends' | 'follower' | 'hub' | 'ring'>;
  readonly hints: Pick<Hints, 'stats' | 'status'>;
  readonly backplaneWarnings: () => readonly string[];
  readonly streams: Pick<Streams, 'size'>;
  readonly leaderboards: Pick<Leaderboards, 'leftOut'>;
  readonly shutdown: Pick<Shutdown, 'begun'>;
  readonly config: Pick<Config, 'http'>;
}

/** Time without a free connection from which on it is reported, ms: as long as a caller waits for one. */
const STALLED_MS = 2_000;

/** What is wrong where none of a pool's connections becomes free. */
function stalledWarnings(users: string, { stalledMs }: Pick<Database, 'stalledMs'>): string[] {
  if (stalledMs < STALLED_MS) return [];
  const seconds = Math.round(stalledMs / 1_000);
  return [`All database connections of ${users} have been busy for ${seconds} s: see which statements wait.`];
}

/** Opens what operators read: liveness, readiness, metrics. */
export function openOperation(deps: OperationDeps): Part {
  const { version, nodeId, worker, background, probe, hints, streams, shutdown, config } = deps;
  const warnings = () => [
    ...deps.warnings.lines,
    ...deps.backplaneWarnings(),
    ...stalledWarnings('requests', deps.database),
    ...stalledWarnings('tasks', background),
  ];
  const { appends, follower, hub, ring } = deps.log;
  return {
    routes: [
      healthRoutes({
        version,
        nodeId,
        worker,
        uptimeS: () => process.uptime(),
        streams: () => streams.size,
        draining: () => shutdown.begun,
        follower: () => ({
          connected: follower.connected,
          position: follower.position,
          epoch: follower.terms.present?.word ?? '',
          lag: follower.lag,
        }),
        followerSilentMs: () => performance.now() - follower.verified.verifiedAt,
        appends: () => appends.state,
        pingDatabase: () => probe.check(),
        probeWrite: () => probe.checkWrite(),
        warnings,
      }),
      metricsRoutes({
        worker,
        measures: {
          streams: () => streams.size,
          delivered: () => hub.delivered,
          position: () => follower.position,
          lag: () => follower.lag,
          ringFrames: () => ring.size,
          backplane: () =>
            hints.status && { up: hints.status === 'up', ...hints.stats, rows: follower.received },
          outbox: watchOutbox(background),
          warnings: () => warnings().length,
          leftOut: deps.leaderboards.leftOut,
        },
        access: config.http.metrics,
      }),
    ],
  };
}
