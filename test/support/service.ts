import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { deriveKeys } from '../../src/auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from '../../src/auth/mint.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createService, type Service } from '../../src/service/service.ts';
import { createTestDatabase, type TestDatabase } from './database/database.ts';

export const SECRET = 'wV8sJ3kQ6nB1xZ9fT4hD7mR2pL5yC0gA';

export interface TestService {
  readonly service: Service;
  readonly url: string;
  readonly test: TestDatabase;
  readonly token: (userId: number, ttlS?: number) => Promise<string>;
  readonly serviceToken: string;
  /** Publishes over REST as a service. */
  publish(events: unknown, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

/** A service token that is valid where that secret is used. @param lifetimeS as of `mintServiceToken` */
export function serviceTokenOf(
  secret: string,
  options: { readonly lifetimeS?: number } = {},
): Promise<string> {
  return mintServiceToken(deriveKeys({ secret, liveSecret: undefined }).service, 'tests', options);
}

/** The environment that a service of the tests runs in. */
export function environment(databaseUrl: string, extra: Record<string, string> = {}): Record<string, string> {
  return {
    NODE_ENV: 'test',
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: databaseUrl,
    JWT_SECRET: SECRET,
    LOG_LEVEL: 'silent',
    STREAM_RETRY_MS: '2',
    ...extra,
  };
}

/** The whole service in this process, on a database of its own, listening on a free port. */
export async function startService(extra: Record<string, string> = {}): Promise<TestService> {
  return startServiceOn(await createTestDatabase(), extra);
}

/** The service of a test file or of a block of tests, started before the first and closed after the last. */
export function prepareService(extra: Record<string, string> = {}): TestService {
  let live: TestService | undefined;
  const started = (): TestService => {
    if (live === undefined) throw new Error('The service starts after the hooks before this one.');
    return live;
  };
  beforeAll(async () => {
    live = await startService(extra);
  });
  afterAll(() => live?.close());
  return {
    get service() {
      return started().service;
    },
    get url() {
      return started().url;
    },
    get test() {
      return started().test;
    },
    get serviceToken() {
      return started().serviceToken;
    },
    token: (userId, ttlS) => started().token(userId, ttlS),
    publish: (events, headers) => started().publish(events, headers),
    close: () => started().close(),
  };
}

/** The same on a database that is there, reached by way of `through`. It is dropped with the service. */
export async function startServiceOn(
  test: TestDatabase,
  extra: Record<string, string> = {},
  through = test.url,
): Promise<TestService> {
  const config = loadConfig(environment(through, extra));
  const service = await createService(config, pino({ level: config.log.level }));
  const url = `http://127.0.0.1:${await service.listen()}`;
  const serviceToken = await serviceTokenOf(SECRET);
  return {
    service,
    url,
    test,
    serviceToken,
    token: (userId, ttlS = 3600) => mintPlatformToken(SECRET, userId, { lifetimeS: ttlS }),
    publish: (events, headers = {}) => publishTo(url, serviceToken, events, headers),
    async close() {
      await service.close();
      await test.drop();
    },
  };
}

export function publishTo(
  url: string,
  token: string,
  events: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(events),
  });
}

/** An event that goes to exactly one scope, its player's, and can be distinguished from any other. */
export function note(playerId: number, title: string) {
  return { type: 'ANNOUNCEMENT', data: { title, message: 'm', playerId } };
}
