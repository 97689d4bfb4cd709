import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Demo } from '../demo/demo.ts';
import { eventRoutes } from '../http/events.ts';
import { playerRoutes } from '../http/players.ts';
import type { Router } from '../http/router.ts';
import { webRoutes } from '../http/web.ts';
import type { EventPublisher } from '../protocol/publishing.ts';
import { readVersion } from '../version.ts';
import { openClics } from './clics.ts';
import { openContests } from './contests.ts';
import { openCore } from './core.ts';
import { openDemo } from './demo.ts';
import { FailureLog } from './failure-log.ts';
import { openHttp } from './http.ts';
import { openInbox } from './inbox.ts';
import { openLeaderboards } from './leaderboards.ts';
import { openRetention } from './log-pipeline.ts';
import { openOperation } from './operation.ts';
import { openOutbox } from './outbox.ts';
import { Parts } from './parts.ts';
import { openSessions } from './sessions.ts';
import { Shutdown } from './shutdown.ts';
import { openStreams } from './streams.ts';
import { openTasks } from './tasks.ts';

export interface Service {
  /** The whole service as one app, to be mounted elsewhere or called directly. */
  readonly app: Router;
  readonly publisher: EventPublisher;
  /** Data of the demo, where the demo is on and there was room for it. */
  readonly demo: Demo | undefined;
  /** Listens at the configured address; resolves with the port. */
  listen(): Promise<number>;
  /**
   * Closes the service. Where it listens, `/ready` answers `draining` and it continues to serve for the configured time, in
   * the last part of which streams are closed one after the other; then the listener is closed, accepted requests are
   * finished, and everything is closed. Idempotent.
   */
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly signal?: AbortSignal;
  readonly worker?: Worker | undefined;
}

/** One of several processes that serve one port. */
export interface Worker {
  /** 1, 2, … */
  readonly number: number;
  /** Of the database, which the supervisor has prepared. */
  readonly databaseUrl: string;
}

/**
 * Opens the service with all its parts, of which none listens yet.
 * @param options `signal` cancels the start: at once while MariaDB is installed or started, else with the next step;
 * `worker` is the number of this process among several on one port
 * @throws when the database cannot be reached or migrated; the signal's reason
 */
export async function createService(
  config: Config,
  logger: Logger,
  options: ServiceOptions = {},
): Promise<Service> {
  const failures = new FailureLog(logger);
  const parts = new Parts(failures.onError);
  parts.add('failure log', failures);
  try {
    return await openParts(parts, failures, config, logger, options);
  } catch (error) {
    await parts.closeAll();
    throw error;
  }
}

/** Folder of the built pages: the same one seen from the sources and from the build. */
const PAGES = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** Opens the parts: each gets what it needs of those before it. The order of routes is that of the API description. */
async function openParts(
  parts: Parts,
  failures: FailureLog,
  config: Config,
  logger: Logger,
  { signal, worker }: ServiceOptions,
): Promise<Service> {
  const identity = { version: readVersion(), nodeId: randomUUID(), worker: worker?.number };
  const { nodeId } = identity;
  const preparedUrl = worker?.databaseUrl;
  const core = parts.add('core', await openCore(config, logger, failures, { nodeId, preparedUrl, signal }));
  const { background, callers, database, log, onError } = core;

  const relayPublisher = log.openPublisher('relay');
  const contests = openContests({
    ...core,
    publisher: log.publisher,
    taskPublisher: log.taskPublisher,
    relayPublisher,
  });
  const publisher = contests.announcer;
  const leaderboards = openLeaderboards({ ...core, publisher: log.openPublisher('leaderboards') });
  const { markDirty, reader } = leaderboards;
  const open = openStreams({ ...core, leaderboards: reader, cells: leaderboards.cells });
  const { streams } = open;
  const shutdown = new Shutdown({ ...config.http, streams, parts });

  parts.add('operation', openOperation({ ...core, ...identity, leaderboards, streams, shutdown }));
  parts.add('streams', open);
  parts.add('events', { routes: [eventRoutes({ publisher })] });
  const { inbox } = parts.add('inbox', openInbox({ ...core, publisher }));
  parts.add('contests', contests);
  parts.add('players', { routes: [playerRoutes(core)] });
  parts.add('leaderboards', leaderboards);
  parts.add('contest API', openClics({ ...core, ...identity, ...open, leaderboards }));
  parts.add('sessions', openSessions({ ...core, ...identity, publisher: log.taskPublisher, streams }));
  parts.add('pages', { routes: [await webRoutes({ folder: PAGES })] });
  const { demo } = parts.add('demo', await openDemo({ ...core, publisher, onScores: markDirty }));
  parts.add('retention', openRetention(background, config.retention, core.databaseClock));
  parts.add(
    'outbox',
    openOutbox({
      database: background,
      publisher: relayPublisher,
      log,
      holdDays: config.standings.holdDays,
      pacedMs: config.standings.pacedMs,
      handlers: contests.handlers,
      onDirtyContest: markDirty,
      onReceipts: inbox.publishReceipts,
      onError,
    }),
  );
  const { leaderTasks, nodeTasks, routes } = parts;
  parts.add('tasks', openTasks({ database, leaderTasks, nodeTasks, onError }));
  const server = parts.add(
    'http',
    openHttp({
      ...identity,
      callers,
      publisher,
      openings: open.openings,
      routers: routes,
      streams,
      shutdown,
      failures,
      config: config.http,
    }),
  );

  return {
    app: server.app,
    publisher,
    demo,
    async listen() {
      const port = await server.listen();
      shutdown.listening = true;
      return port;
    },
    close: () => shutdown.close(),
  };
}
