import { mintPlatformToken } from '../auth/mint.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../db/database.ts';
import type { DatabaseClock } from '../db/database-clock.ts';
import type { Demo } from '../demo/demo.ts';
import { readDemoIdentities } from '../demo/identities.ts';
import { runDemo } from '../demo/run.ts';
import { seedDemo } from '../demo/seed.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { demoRoutes } from '../http/demo.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { Part } from './parts.ts';

export interface DemoDeps {
  readonly database: Database;
  readonly databaseClock: Pick<DatabaseClock, 'now'>;
  readonly publisher: Pick<LogPublisher, 'publish'>;
  readonly clock: PlatformClock;
  /** Receives each contest whose scores the demo changed. */
  readonly onScores: (contestId: number) => void;
  /** Signs the tokens of visitors; undefined where the platform's are signed with keys of a JWKS alone. */
  readonly secret: string | undefined;
  readonly config: Pick<Config, 'mode' | 'demo'>;
  readonly onError: (error: unknown, where: string) => void;
}

export interface OpenDemo extends Part {
  /** The made-up data, where there was room for it. */
  readonly demo?: Demo;
}

/** Seeds the demo and opens it: events on the leader, tokens for visitors. Nothing where it is off. */
export async function openDemo(deps: DemoDeps): Promise<OpenDemo> {
  const { database, databaseClock, publisher, clock, onScores, secret, config, onError } = deps;
  const { enabled, intervalMs } = config.demo;
  if (!enabled) return {};
  const demo = await seedDemo(database, { ...config.demo, clock });
  return {
    ...(demo ? { demo } : {}),
    routes:
      config.mode === 'production' || secret === undefined
        ? []
        : [
            demoRoutes({
              now: databaseClock.now,
              identities: () => readDemoIdentities(database),
              mint: (userId, lifetimeS) =>
                mintPlatformToken(secret, userId, { lifetimeS, now: databaseClock.now() }),
            }),
          ],
    leaderTasks: [
      {
        name: 'demo',
        everyMs: intervalMs,
        run: (signal) =>
          runDemo({
            database,
            publisher,
            clock,
            intervalMs,
            onScores,
            signal,
            onError: (error) => onError(error, 'demo'),
          }),
      },
    ],
  };
}
