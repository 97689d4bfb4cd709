import { randomBytes } from 'node:crypto';
import { onServer, type TestDatabase } from './database.ts';

/** An account of the run's server with rights on one database. */
export interface TestAccount {
  readonly user: string;
  /** The URL of the database with this account. */
  readonly url: string;
  /** Gives it more rights, on a table or on all (`*`). */
  grant(rights: string, table?: string): Promise<unknown>;
  /** Drops the account, if it is still there. */
  drop(): Promise<unknown>;
}

export async function createAccount(made: Pick<TestDatabase, 'url'>, rights: string): Promise<TestAccount> {
  const user = `test_${randomBytes(4).toString('hex')}`;
  const url = new URL(made.url);
  const database = url.pathname.slice(1);
  url.username = user;
  url.password = 'geheim';
  const run = (sql: string) => onServer((connection) => connection.query(sql));
  const grant: TestAccount['grant'] = (more, table = '*') =>
    run(`GRANT ${more} ON ${database}.${table} TO '${user}'@'%'`);
  await run(`CREATE USER '${user}'@'%' IDENTIFIED BY 'geheim'`);
  await grant(rights);
  return { user, url: url.href, grant, drop: () => run(`DROP USER IF EXISTS '${user}'@'%'`) };
}
