import type { RowDataPacket } from 'mysql2/promise';
import { afterEach, describe, expect, test } from 'vitest';
import { onServer, prepareDatabase } from '../support/database/database.ts';
import { appendAtLast, expectGapless, openAppender, unitOf } from '../support/database/log.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';

const made = prepareDatabase();
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Statements of the test's database that wait or work, on this server. */
async function atWork(): Promise<number> {
  const { name } = made.database;
  return onServer(async (server) => {
    const [rows] = await server.query<RowDataPacket[]>(
      "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = ? AND COMMAND <> 'Sleep'",
      [name],
    );
    return rows.length;
  });
}

describe('while a backup holds a read lock on the tables', () => {
  test('appends are refused in bounded time, what was given up does not pile up, and appends succeed after it', async () => {
    const appender = openAppender(made.database, { patienceMs: 2_000 });
    closers.push(() => appender.close());
    await appendAtLast(appender, 'before');
    const backup = await openPlatformSession(made.url);
    closers.push(async () => backup.close());
    await backup.run('FLUSH TABLES log_head, notification, log_key, event_outbox WITH READ LOCK');
    for (let round = 0; round < 3; round += 1) {
      await expect(appender.append([unitOf('refused')])).rejects.toMatchObject({
        code: 'database-unavailable',
        status: 503,
      });
      await expect(made.database.execute('DELETE FROM event_outbox')).rejects.toMatchObject({ errno: 1205 });
      expect(await atWork()).toBeLessThanOrEqual(1);
    }
    await backup.run('UNLOCK TABLES');
    await appendAtLast(appender, 'after');
    await expectGapless(made.database);
  });
});
