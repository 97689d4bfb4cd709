import type { Auth } from '../auth/auth.ts';
import { ContestFeeds } from '../clics/contest-feeds.ts';
import { Scoreboards } from '../clics/scoreboard.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import type { DatabaseClock } from '../db/database-clock.ts';
import type { Callers } from '../http/app-env.ts';
import { clicsRoutes } from '../http/clics.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { createReach } from '../stream/resolve-plan.ts';
import type { Leaderboards } from './leaderboards.ts';
import type { LogPipeline } from './log-pipeline.ts';
import type { Part } from './parts.ts';
import type { OpenStreams } from './streams.ts';

export interface ClicsDeps extends Pick<OpenStreams, 'streams' | 'plan' | 'admission'> {
  readonly database: Database;
  readonly background: Database;
  readonly databaseClock: Pick<DatabaseClock, 'now'>;
  readonly log: LogPipeline;
  readonly auth: Pick<Auth, 'grants'>;
  readonly callers: Pick<Callers, 'addressOf'>;
  readonly leaderboards: Pick<Leaderboards, 'reader' | 'cells'>;
  readonly clock: PlatformClock;
  readonly cursor: () => string;
  readonly config: Pick<Config, 'standings'>;
  readonly version: string;
  readonly onError: (error: unknown, where: string) => void;
}

/** Opens the CLICS Contest API. */
export function openClics(deps: ClicsDeps): Part {
  const { database, background, log, clock, cursor, config } = deps;
  const onError = (error: unknown) => deps.onError(error, 'contest feeds');
  const { intervalMs, checkMs } = config.standings;
  const feeds = new ContestFeeds({ database: background, clock, cursor, intervalMs, checkMs, onError });
  const { reader, cells } = deps.leaderboards;
  const scoreboards = new Scoreboards({ leaderboards: reader, cells, now: deps.databaseClock.now });
  log.onRows((rows) => feeds.observe(rows));
  log.onReset(() => feeds.reset());
  return {
    routes: [
      clicsRoutes({
        ...deps.auth,
        database,
        clock,
        feeds,
        scoreboards,
        streams: deps.streams,
        plan: deps.plan,
        admission: deps.admission,
        terms: () => log.follower.terms,
        reach: createReach({ follower: log.follower, query: database.query }),
        addressOf: deps.callers.addressOf,
        now: deps.databaseClock.now,
        version: deps.version,
        onError,
      }),
    ],
    close: () => feeds.reset(),
  };
}
