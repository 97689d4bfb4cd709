import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { isUnavailable } from '../../src/db/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';
import { until } from '../support/until.ts';

let made: TestDatabase;
let proxy: DatabaseProxy;
let behind: Database;

beforeAll(async () => {
  made = await createTestDatabase({ migrated: false });
  await made.database.execute('CREATE TABLE thing (id INT AUTO_INCREMENT PRIMARY KEY)');
  proxy = await startDatabaseProxy(made.url);
  behind = openDatabase({ url: proxy.url, poolSize: 4 });
});
afterAll(async () => {
  await behind.close();
  await proxy.close();
  await made.drop();
});

/** Sessions of the pool behind the proxy. */
const fill = () => Promise.all([1, 2, 3, 4].map(() => behind.query('SELECT SLEEP(0.1)')));

describe.runIf(inject('databaseKind') === 'mysql')(
  'after a stop of the process, MySQL has ended its sessions',
  () => {
    const sessions = async () => {
      const [row] = await made.database.query<{ count: number }>(
        'SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
      );
      return row?.count;
    };
    const stop = async () => {
      await fill();
      proxy.freeze();
      await until(async () => (await sessions()) === 0);
    };

    test('and every caller is answered as if nothing had happened', async () => {
      await stop();
      await proxy.restore();
      const before = await made.database.query('SELECT id FROM thing');
      await Promise.all(Array.from({ length: 8 }, () => behind.execute('INSERT INTO thing VALUES (NULL)')));
      await Promise.all(
        [1, 2, 3].map(() => behind.transaction((tx) => tx.execute('INSERT INTO thing VALUES (NULL)'))),
      );
      expect(await made.database.query('SELECT id FROM thing')).toHaveLength(before.length + 11);
    });

    test('a statement behind a ping that is not answered fails in bounded time', async () => {
      const dedicated = await behind.connect();
      const query = vi.spyOn(dedicated, 'query');
      proxy.freeze();
      await until(() => query.mock.calls.length > 0);
      await expect(dedicated.query('SELECT 1')).rejects.toSatisfy(isUnavailable);
      await proxy.restore();
    });
  },
);
