import { afterEach, beforeAll } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { ConnectOptions, LiveClient } from '../../src/client/types.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { prepareService, type TestService } from '../support/service.ts';

export interface ClientFixture {
  readonly live: TestService;
  readonly player: PlayerIds;
  /** The player's. */
  readonly token: string;
  /** A client of the player, closed after the test. It reconnects at once. */
  start(options?: Partial<ConnectOptions>): LiveClient;
}

/** A service and a player for a block of tests. @param defaults options of every client */
export function prepareClients(
  environment: Record<string, string> = {},
  defaults: Partial<ConnectOptions> = {},
): ClientFixture {
  const live = prepareService(environment);
  const clients: LiveClient[] = [];
  let player: PlayerIds;
  let token: string;
  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  return {
    live,
    get player() {
      return player;
    },
    get token() {
      return token;
    },
    start(options) {
      const client = connect({
        url: live.url,
        scopes: ['player:me'],
        getToken: () => token,
        backoff: { firstMs: 5, mostMs: 20 },
        ...defaults,
        ...options,
      });
      clients.push(client);
      return client;
    },
  };
}
