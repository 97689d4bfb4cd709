import { afterAll, beforeAll } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { type PrivateServer, startPrivateServer } from './database/database-server.ts';
import { startServiceOn, type TestService } from './service.ts';

/** A service on a database server of its own, which a test may stop, change or break. */
export interface ServerFixture {
  readonly server: PrivateServer;
  /** The server as its administrator sees it. */
  readonly admin: Database;
  readonly live: TestService;
}

/**
 * The server and the service of a test file.
 * @param prepare runs on the migrated server before the service starts; the service connects to the URL that it returns
 */
export function prepareServer(
  prepare?: (admin: Database, url: string) => Promise<string | undefined>,
): ServerFixture {
  let server: PrivateServer;
  let admin: Database;
  let live: TestService;
  beforeAll(async () => {
    server = await startPrivateServer({ supervise: false });
    const before = openDatabase({ url: server.url });
    await migrate(before);
    const url = (await prepare?.(before, server.url)) ?? server.url;
    await before.close();
    admin = openDatabase({ url: server.url });
    live = await startServiceOn({ url, database: admin, drop: () => admin.close() });
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await server?.remove();
  });
  return {
    get server() {
      return server;
    },
    get admin() {
      return admin;
    },
    get live() {
      return live;
    },
  };
}

/** Makes the account `live`, whose right to insert is per table, so that a test can revoke it for one. Returns its URL. */
export async function accountWithRightsPerTable(admin: Database, serverUrl: string): Promise<string> {
  await admin.execute("CREATE USER 'live'@'localhost' IDENTIFIED BY 'geheim'");
  await admin.execute(`GRANT SELECT, UPDATE, DELETE ON ${admin.name}.* TO 'live'@'localhost'`);
  for (const { name } of await admin.query<{ name: string }>(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
  ))
    await admin.execute(`GRANT INSERT ON ${admin.name}.\`${name}\` TO 'live'@'localhost'`);
  const url = new URL(serverUrl);
  url.username = 'live';
  url.password = 'geheim';
  return url.href;
}
