import type { Auth } from '../auth/auth.ts';
import type { Hints } from '../backplane/hints.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import type { DatabaseClock } from '../db/database-clock.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { onlineRoutes } from '../http/online.ts';
import { sessionRoutes } from '../http/sessions.ts';
import { createSessionCommands } from '../session/commands.ts';
import { NodeLease } from '../session/node-lease.ts';
import { createNodeStatus } from '../session/node-status.ts';
import { createPresence } from '../session/presence.ts';
import { SessionWriter } from '../session/session-writer.ts';
import { createSweep } from '../session/sweep.ts';
import type { Streams } from '../stream/streams.ts';
import { Coalesced } from '../util/coalesced.ts';
import type { Core } from './core.ts';
import type { LogPipeline } from './log-pipeline.ts';
import type { Part } from './parts.ts';

export interface SessionsDeps {
  /** For requests. */
  readonly database: Database;
  readonly background: Database;
  readonly databaseClock: Pick<DatabaseClock, 'isTrusted'>;
  readonly log: LogPipeline;
  readonly onServerChanged: Core['onServerChanged'];
  /** Publishes who is online. */
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  readonly hints: Pick<Hints, 'sendCommands' | 'on'>;
  readonly streams: Streams;
  readonly auth: Pick<Auth, 'revocations'>;
  readonly nodeId: string;
  readonly config: Pick<Config, 'stream' | 'presence'>;
  readonly onError: (error: unknown, where: string) => void;
}

/** Interval between reads of the commands of other nodes, ms. */
const COMMANDS_MS = 1_500;
/** Interval between publications of this node's status, ms. */
const STATUS_MS = 2_000;
/** Interval between sweeps of the sessions of dead nodes, ms. */
const SWEEP_MS = 5_000;

/** Opens the rows of this node's streams, the commands of other nodes to them, and presence. */
export function openSessions(deps: SessionsDeps): Part {
  const { database, background, databaseClock, log, onServerChanged, publisher, hints, streams } = deps;
  const { nodeId, config, onError } = deps;
  const { heartbeatMs, heartbeatTimeoutMs } = config.stream;
  const lease = new NodeLease({ database: background, nodeId, durationMs: heartbeatTimeoutMs });
  const sessions = new SessionWriter({
    database: background,
    streams,
    nodeId,
    lease,
    // A few renewals may fail before the lease ends.
    renewMs: Math.min(heartbeatMs, heartbeatTimeoutMs / 4),
    onError: (error) => onError(error, 'sessions'),
  });
  sessions.start();
  log.onReset(() => sessions.reconcile());
  onServerChanged(() => sessions.reconcile());
  const commands = createSessionCommands({
    database,
    background,
    streams,
    writer: sessions,
    nodeId,
    onCommand: (node) => hints.sendCommands(node),
  });
  const carryOut = new Coalesced(
    () => commands.carryOut(),
    (error) => onError(error, 'commands'),
  );
  hints.on({ commands: () => carryOut.request() });
  const presence = createPresence({
    database: background,
    publisher,
    ...config.presence,
    heartbeatTimeoutMs,
    onError: (error) => onError(error, 'presence'),
  });
  const reportStatus = createNodeStatus({
    database: background,
    ...log,
    streams,
    nodeId,
  });
  const { revocations } = deps.auth;
  return {
    routes: [
      sessionRoutes({ database, commands, revocations, streams, heartbeatTimeoutMs }),
      onlineRoutes({ database }),
    ],
    nodeTasks: [
      { name: 'commands', everyMs: COMMANDS_MS, run: () => commands.carryOut() },
      { name: 'status', everyMs: STATUS_MS, run: reportStatus },
    ],
    leaderTasks: [
      {
        name: 'session sweep',
        everyMs: SWEEP_MS,
        run: createSweep({
          database: background,
          heartbeatTimeoutMs,
          mayDelete: () => databaseClock.isTrusted(),
        }),
      },
      { name: 'presence', everyMs: config.presence.intervalMs, run: (signal) => presence.run(signal) },
    ],
    close: () => sessions.close(),
  };
}
