import { type Database, openDatabase } from '../../../src/db/database.ts';
import { migrate } from '../../../src/migrate/migrate.ts';
import { type DatabaseProxy, startDatabaseProxy } from './database-proxy.ts';
import { type PrivateServer, startPrivateServer } from './database-server.ts';

/** Two servers behind one address, as a virtual IP address or a DNS name leads to whichever is the primary. */
export interface ServerPair {
  /** The address. */
  readonly url: string;
  readonly proxy: DatabaseProxy;
  readonly primary: { readonly server: PrivateServer; readonly database: Database };
  readonly replica: { readonly server: PrivateServer; readonly database: Database };
  /** Gives the replica what the primary has; it lacks what is committed later. */
  replicate(): Promise<void>;
  /** New connections lead to the replica. */
  failOver(open: 'go on' | 'fall silent'): void;
  close(): Promise<void>;
}

/** Starts both servers, migrated, with identities of their own. */
export async function startServerPair(): Promise<ServerPair> {
  const [primary, replica] = await Promise.all([startOne(101), startOne(102)]);
  const proxy = await startDatabaseProxy(primary.server.url);
  return {
    url: proxy.url,
    proxy,
    primary,
    replica,
    replicate: () => copyTables(primary.database, replica.database),
    failOver: (open) => proxy.redirect(replica.server.url, open),
    async close() {
      await proxy.close();
      for (const { server, database } of [primary, replica]) {
        await database.close();
        await server.remove();
      }
    },
  };
}

async function startOne(serverId: number) {
  const server = await startPrivateServer({ supervise: false });
  const first = openDatabase({ url: server.url });
  // A session has the id that was set when it began.
  await first.execute(`SET GLOBAL server_id = ${serverId}`);
  await first.close();
  const database = openDatabase({ url: server.url });
  await migrate(database);
  return { server, database };
}

async function copyTables(from: Database, to: Database): Promise<void> {
  const tables = await from.query<{ name: string }>(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
  );
  const connection = await to.connect();
  await connection.query('SET SESSION foreign_key_checks = 0');
  for (const { name } of tables) {
    const rows = await from.query<Record<string, unknown>>(`SELECT * FROM \`${name}\``);
    await connection.query(`DELETE FROM \`${name}\``);
    for (const row of rows)
      await connection.query(
        `INSERT INTO \`${name}\` (${Object.keys(row).map((column) => `\`${column}\``)}) VALUES (${Object.keys(row).map(() => '?')})`,
        Object.values(row),
      );
  }
  await connection.end();
}
