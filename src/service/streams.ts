import type { Auth } from '../auth/auth.ts';
import type { Hints } from '../backplane/hints.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import type { DatabaseClock } from '../db/database-clock.ts';
import { dataOf } from '../events/row-data.ts';
import type { Callers } from '../http/app-env.ts';
import type { StreamOpeningDeps } from '../http/stream-opening.ts';
import { streamRoutes } from '../http/streams.ts';
import { ticketRoutes } from '../http/tickets.ts';
import type { CellsReader } from '../leaderboard/cells/cells-reader.ts';
import type { LeaderboardReader } from '../leaderboard/leaderboard-reader.ts';
import { reportsWithdrawnRights } from '../platform/triggers/inspect.ts';
import { AccessChanges } from '../session/access-changes.ts';
import { revalidate } from '../session/revalidate.ts';
import { Admission } from '../stream/admission.ts';
import { createPlanner } from '../stream/resolve-plan.ts';
import { Streams } from '../stream/streams.ts';
import { VanishedPeers } from '../stream/vanished.ts';
import { Coalesced } from '../util/coalesced.ts';
import { Semaphore } from '../util/semaphore.ts';
import type { LogPipeline } from './log-pipeline.ts';
import type { Part } from './parts.ts';

export interface StreamsPartDeps {
  readonly database: Database;
  readonly databaseClock: Pick<DatabaseClock, 'now'>;
  /** Connections of `database`. */
  readonly poolSize: number;
  readonly log: LogPipeline;
  readonly leaderboards: LeaderboardReader;
  readonly cells: CellsReader;
  readonly auth: Pick<Auth, 'grants' | 'tickets' | 'users'>;
  readonly hints: Pick<Hints, 'on'>;
  readonly callers: Pick<Callers, 'addressOf'>;
  readonly cursor: () => string;
  readonly config: Pick<Config, 'stream'>;
  readonly onError: (error: unknown, where: string) => void;
}

export interface OpenStreams extends Part {
  readonly streams: Streams;
  /** Plans where a stream begins. */
  readonly plan: ReturnType<typeof createPlanner>;
  /** Admission control of everything that opens streams. */
  readonly admission: Admission;
  /** What requests for streams need. */
  readonly openings: StreamOpeningDeps;
}

/** Delay before a stream ends after its owner lost the right to it, ms. */
const REVALIDATE_MS = 4_000;
/** The same where triggers report withdrawn rights, and this check finds only what none reported, ms. */
const FULL_CHECK_MS = 60_000;

/** Max interval between two checks for vanished clients, ms. */
const VANISHED_MS = 5_000;

/** Openings in progress per connection. They are read together, by a few statements at a time. */
const OPENINGS_EACH = 32;
/** Max time for which an opening waits to begin, ms: a client that is asked to come again costs less than one that gives up. */
const ADMISSION_MS = 4_000;

/** Opens the streams of this node. */
export function openStreams(deps: StreamsPartDeps): OpenStreams {
  const { database, databaseClock, log, leaderboards, cells, cursor, config, onError } = deps;
  const { grants, tickets } = deps.auth;
  const { follower } = log;
  const { maxScopes } = config.stream;
  const streams = new Streams({
    hub: log.hub,
    ring: log.ring,
    query: database.query,
    // Replays take at most half of the connections.
    semaphore: new Semaphore(Math.max(1, Math.floor(deps.poolSize / 2))),
    terms: () => follower.terms,
    refresh: () => follower.refresh(),
    server: () => follower.verified.server,
    emptyAt: () => follower.emptyAt,
    onError: (error) => onError(error, 'stream'),
    limits: config.stream,
    now: databaseClock.now,
    snapshot: async ({ event, contestId }, stream) => {
      const reader = event === 'cells-snapshot' ? cells : leaderboards;
      return (await reader.read(contestId, stream.owner.role === 'ADMIN'))?.bytes;
    },
  });
  streams.start();
  log.onReset(() => streams.closeWhere(() => true, 'reset'));
  log.onDropped((listener) => streams.closeWhere((stream) => stream === listener, 'reset'));
  const concurrency = deps.poolSize * OPENINGS_EACH;
  const admission = new Admission({ concurrency, maxWaitMs: ADMISSION_MS });
  const changes = new AccessChanges({
    streams,
    hub: log.hub,
    grants,
    users: deps.auth.users,
    onError: (error) => onError(error, 'withdrawn rights'),
  });
  log.onRows((rows) => {
    for (const row of rows) {
      const change = dataOf('ACCESS_CHANGED', row);
      if (change) changes.apply(change);
    }
  });
  let checkedAt = Number.NEGATIVE_INFINITY;
  let inspectedAt = Number.NEGATIVE_INFINITY;
  let reported = false;
  /** Checks all streams: seldom where triggers report what the platform withdraws. */
  async function checkAll(): Promise<void> {
    const now = performance.now();
    if (now - inspectedAt >= FULL_CHECK_MS) {
      reported = await reportsWithdrawnRights(database);
      grants.reported = reported;
      inspectedAt = now;
    }
    if (reported && now - checkedAt < FULL_CHECK_MS) return;
    await revalidate(streams, grants);
    checkedAt = now;
  }
  const recheck = new Coalesced(
    () => revalidate(streams, grants),
    (error) => onError(error, 'revalidation'),
  );
  deps.hints.on({
    access(userIds) {
      if (userIds === undefined) recheck.request();
      else changes.apply({ userIds: [...userIds], contestIds: [] });
    },
  });
  const { maxSilenceMs } = config.stream;
  const vanished = new VanishedPeers({ streams, maxMs: maxSilenceMs });
  const plan = createPlanner({ follower, query: database.query });
  const openings: StreamOpeningDeps = {
    streams,
    plan,
    now: databaseClock.now,
    grants,
    addressOf: deps.callers.addressOf,
    cursor,
    maxScopes,
    admission,
    gzip: config.stream.gzip,
  };
  return {
    streams,
    plan,
    admission,
    openings,
    routes: [streamRoutes(openings), ticketRoutes({ tickets, grants, maxScopes })],
    nodeTasks: [
      { name: 'revalidation', everyMs: REVALIDATE_MS, run: checkAll },
      {
        name: 'vanished clients',
        everyMs: Math.min(VANISHED_MS, maxSilenceMs / 4),
        run: () => vanished.check(),
      },
    ],
    close: () => streams.close(),
  };
}
