import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createAuth } from './auth/auth.ts';
import { isListedOrigin } from './auth/origin.ts';
import { completeSecrets } from './config/secret.ts';
import type { Config } from './config.ts';
import { divideConnections, readConnectionLimit } from './db/connection-budget.ts';
import { openDatabase } from './db/database.ts';
import { checkDurability } from './db/durability.ts';
import { startEmbeddedDatabase } from './db/embedded/embedded-database.ts';
import { DatabaseProbe } from './db/probe.ts';
import type { Demo } from './demo/demo.ts';
import { seedDemo } from './demo/seed.ts';
import { Relay } from './events/outbox/relay.ts';
import { watchOutbox } from './events/outbox/stats.ts';
import { addressOf } from './http/address.ts';
import { createApp } from './http/app.ts';
import { createCallers } from './http/callers.ts';
import { contestRoutes } from './http/contests.ts';
import { eventRoutes } from './http/events.ts';
import { healthRoutes } from './http/health.ts';
import { inboxRoutes } from './http/inbox.ts';
import { leaderboardRoutes } from './http/leaderboard.ts';
import { metricsRoutes } from './http/metrics.ts';
import { playerRoutes } from './http/players.ts';
import type { Router } from './http/router.ts';
import { sessionRoutes } from './http/sessions.ts';
import { streamRoutes } from './http/streams.ts';
import { ticketRoutes } from './http/tickets.ts';
import { createInbox } from './inbox/inbox.ts';
import { pruneLog } from './log/retention.ts';
import { migrate } from './migrate/migrate.ts';
import { createPlatformClock } from './platform/clock.ts';
import { formatCursor } from './protocol/cursor.ts';
import type { EventPublisher } from './protocol/publishing.ts';
import { startBackground } from './service/background.ts';
import { openContestClock } from './service/contest-clock.ts';
import { demoDuty } from './service/demo-duty.ts';
import type { Duty } from './service/duties.ts';
import { FailureLog } from './service/failure-log.ts';
import { listen } from './service/http-server.ts';
import { openLeaderboards } from './service/leaderboards.ts';
import { openLogPipeline } from './service/log-pipeline.ts';
import { pageRouters } from './service/pages.ts';
import { Releasers } from './service/releasers.ts';
import { Shutdown } from './service/shutdown.ts';
import { createSessionCommands } from './session/commands.ts';
import { createNodeStatus } from './session/node-status.ts';
import { createPresence } from './session/presence.ts';
import { SessionWriter } from './session/session-writer.ts';
import { sweepSessions } from './session/sweep.ts';
import { createPlanner } from './stream/resolve-plan.ts';
import { Streams } from './stream/streams.ts';
import { Semaphore } from './util/semaphore.ts';
import { readVersion } from './version.ts';

export interface Service {
  /** The whole service as one app, to be mounted elsewhere or called directly. */
  readonly app: Router;
  readonly publisher: EventPublisher;
  /** What the demo put in, where it is on and there was room for it. */
  readonly demo: Demo | undefined;
  /** Listens where the configuration says; resolves with the port. */
  listen(): Promise<number>;
  /**
   * Ends the service. Where it listens, `/ready` says `draining` and it goes on serving for the configured time; then
   * streams are closed one after the other, the listener goes, what was accepted is finished, and everything is closed.
   * Harmless twice.
   */
  close(): Promise<void>;
}

/** How soon the relay tries again when the database failed it, in ms. */
const RELAY_RETRY_MS = 500;
/** How often sessions of dead nodes are looked for, in ms. */
const SWEEP_MS = 10_000;
/** How often old rows of the log are let go, in ms. */
const RETENTION_MS = 60_000;

/**
 * Puts the service together and starts it, all but the listening.
 * @param signal gives the start up: at once while MariaDB is installed or started, else with the next step
 * @throws when the database cannot be reached or migrated; the signal's reason
 */
export async function createService(
  config: Config,
  logger: Logger,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Service> {
  const failures = new FailureLog(logger);
  const onError = (error: unknown, where: string) =>
    failures.report('something failed', where, error, { where });
  const releasers = new Releasers(onError);
  releasers.add('failure log', () => failures.close());
  try {
    return await compose({ config, logger, releasers, failures, onError, signal });
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}

interface Composition {
  readonly config: Config;
  readonly logger: Logger;
  readonly releasers: Releasers;
  readonly failures: FailureLog;
  readonly onError: (error: unknown, where: string) => void;
  readonly signal: AbortSignal | undefined;
}

async function compose(composition: Composition): Promise<Service> {
  const { config, logger, releasers, failures, onError, signal } = composition;
  const auth = await completeSecrets(config);
  const nodeId = randomUUID();
  const version = readVersion();
  const startedAt = new Date();

  const url = await databaseUrl();
  const connections = divideConnections(await readConnectionLimit(url), config.database.poolSize);
  if (connections.warning !== undefined) logger.warn(connections.warning);
  const database = openDatabase({ url, poolSize: connections.pool });
  releasers.add('database', () => database.close());
  // What goes on beside requests never waits behind them, and whether the service is ready is asked apart from both.
  const background = openDatabase({ url, poolSize: connections.background });
  releasers.add('background connections', () => background.close());
  const probe = new DatabaseProbe(background);
  releasers.add('probe', () => probe.close());
  await migrate(database, { log: (line) => logger.info(line) });
  signal?.throwIfAborted();
  for (const warning of await checkDurability(database)) logger.warn(warning);

  const log = await openLogPipeline({ database, ring: config.stream.ring, onError }, releasers);
  const { follower, hub, ring } = log;
  const clock = createPlatformClock(config.platform.timeZone);
  const relayPublisher = log.openPublisher('relay');
  const contestClock = openContestClock({
    database: background,
    publisher: log.publisher,
    relayPublisher,
    clock,
    termAt: (id) => follower.terms.termAt(id),
    onError,
  });
  const publisher = contestClock.announcer;
  const leaderboards = openLeaderboards({
    database,
    log,
    publisher: log.openPublisher('standings'),
    clock,
    config: config.standings,
    warn: (line) => logger.warn(line),
    onError,
  });

  const { authenticate, grants, tickets, revocations } = createAuth({
    auth,
    http: config.http,
    database,
    heartbeatTimeoutMs: config.stream.heartbeatTimeoutMs,
  });
  const callers = createCallers({
    authenticate,
    addressOf: addressOf(config.http.trustProxy),
    bounds: config.http.bounds,
  });

  const streams = new Streams({
    hub,
    ring,
    query: database.query,
    semaphore: new Semaphore(Math.max(1, Math.floor(connections.pool / 2))),
    terms: () => follower.terms,
    server: () => follower.verified.server,
    onError: (error) => onError(error, 'stream'),
    limits: config.stream,
    snapshot: async (contestId, stream) =>
      (await leaderboards.reader.read(contestId, stream.owner.role === 'ADMIN'))?.bytes,
  });
  streams.start();
  const sessions = new SessionWriter({
    database: background,
    streams,
    nodeId,
    heartbeatMs: config.stream.heartbeatMs,
    onError: (error) => onError(error, 'sessions'),
  });
  sessions.start();
  releasers.add('sessions', () => sessions.close());
  const commands = createSessionCommands({ database, streams, writer: sessions, nodeId });
  log.onReset(() => streams.closeWhere(() => true, 'reset'));
  log.onDropped((listener) => streams.closeWhere((stream) => stream === listener, 'reset'));

  const presence = createPresence({
    database: background,
    publisher,
    ...config.presence,
    heartbeatTimeoutMs: config.stream.heartbeatTimeoutMs,
    onError: (error) => onError(error, 'presence'),
  });
  const cursor = () => formatCursor(hub.settled, follower.terms.termAt(hub.settled));
  const inbox = createInbox({ database, publisher, cursor, onError: (error) => onError(error, 'inbox') });
  const relay = new Relay({
    database: background,
    publisher: relayPublisher,
    handlers: contestClock.handlers,
    onDirtyContest: leaderboards.markDirty,
    onReceipts: inbox.tell,
    onError: (error) => onError(error, 'relay'),
  });
  const shared: Duty[] = [
    { name: 'relay', everyMs: RELAY_RETRY_MS, run: (signal) => relay.run(signal) },
    contestClock.duty,
    ...leaderboards.duties,
    {
      name: 'session sweep',
      everyMs: SWEEP_MS,
      run: (signal) => sweepSessions(background, config.stream.heartbeatTimeoutMs, signal),
    },
    {
      name: 'retention',
      everyMs: RETENTION_MS,
      run: (signal) => pruneLog(background, config.retention, new Date(), signal),
    },
    { name: 'presence', everyMs: config.presence.intervalMs, run: (signal) => presence.run(signal) },
  ];
  if (config.demo.enabled)
    shared.push(
      demoDuty({ ...config.demo, database, clock, publisher, onScores: leaderboards.markDirty, onError }),
    );
  const demo = config.demo.enabled ? await seedDemo(database, { ...config.demo, clock }) : undefined;
  const reportStatus = createNodeStatus({
    database: background,
    ...log,
    streams,
    nodeId,
    heartbeatTimeoutMs: config.stream.heartbeatTimeoutMs,
  });
  startBackground({ database, streams, grants, commands, reportStatus, shared, onError }, releasers);

  const shutdown = new Shutdown({ drainMs: config.http.drainMs, streams, releasers });
  const app = createApp({
    version,
    callers,
    isAllowedOrigin: (origin) => isListedOrigin(config.http.origins, origin),
    onError: (error, request) =>
      failures.report('a request failed', `${request.method} ${request.path}`, error, request),
    routers: [
      healthRoutes({
        version,
        nodeId,
        startedAt,
        streams: () => streams.size,
        follower: () => ({
          connected: follower.connected,
          position: follower.position,
          epoch: follower.epoch,
          lag: follower.lag,
        }),
        draining: () => shutdown.begun,
        pingDatabase: () => probe.check(),
      }),
      streamRoutes({
        streams,
        plan: createPlanner({ follower, query: database.query }),
        grants,
        addressOf: callers.addressOf,
        cursor,
        maxScopes: config.stream.maxScopes,
      }),
      metricsRoutes({
        measures: {
          streams: () => streams.size,
          delivered: () => hub.delivered,
          position: () => follower.position,
          lag: () => follower.lag,
          ringFrames: () => ring.size,
          outbox: watchOutbox(database),
          leftOut: leaderboards.leftOut,
        },
        access: config.http.metrics,
      }),
      ticketRoutes({ tickets, grants, maxScopes: config.stream.maxScopes }),
      eventRoutes({ publisher }),
      inboxRoutes({
        inbox,
      }),
      contestRoutes({ database, grants, cursor, clock }),
      playerRoutes({ database, grants, cursor }),
      leaderboardRoutes({ leaderboards: leaderboards.reader, grants, cursor }),
      sessionRoutes({
        database,
        commands,
        revocations,
        streams,
        heartbeatTimeoutMs: config.stream.heartbeatTimeoutMs,
      }),
      ...pageRouters({ config, auth, database }),
    ],
  });
  releasers.add('streams', () => streams.close());

  return {
    app,
    publisher,
    demo,
    async listen() {
      const server = await listen(app, config.http);
      releasers.add('http', () => {
        // The server is done only when its streams are: both are told now, and no more are opened.
        const done = server.close();
        streams.close();
        return done;
      });
      shutdown.listening = true;
      // It was closed meanwhile, when there was no listener to be closed yet.
      if (shutdown.begun) await server.close();
      return server.port;
    },
    close: () => shutdown.close(),
  };

  async function databaseUrl(): Promise<string> {
    if (config.database.kind === 'url') return config.database.url;
    const embedded = await startEmbeddedDatabase({
      directory: config.database.directory,
      log: (line) => logger.info(line),
      signal,
    });
    releasers.add('embedded database', () => embedded.stop());
    return embedded.url;
  }
}
