import { expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { describeSchema } from '../support/database/schema-description.ts';
import { createPlatformTables, createSocketIoTables, notifyOld } from '../support/database/socketio.ts';
import { Killed, watched } from '../support/database/watched-database.ts';

/** Every statement is once the last of a run. In one database every so-manieth, so that each run has some way to go. */
const STRIDE = 12;

/** A database of the Socket.IO generation; the same one each time, but for its name. */
async function createOld(): Promise<TestDatabase> {
  const made = await createTestDatabase({ migrated: false });
  const { database } = made;
  await createPlatformTables(database);
  await database.execute('ALTER TABLE users AUTO_INCREMENT = 1');
  const { playerId } = await createPlayer(database, { name: 'Ada' });
  await createSocketIoTables(database);
  for (let n = 1; n <= 5; n += 1)
    await notifyOld(database, { player_id: n === 3 ? 1 : playerId, title: `N${n}`, is_read: n > 3 });
  await database.execute(
    `INSERT INTO activity_log (player_id, action_type, timestamp, is_broadcasted)
     SELECT player_id, 'LEVEL_UP', '2026-01-02 03:04:05', is_read FROM notification`,
  );
  return made;
}

async function describe(database: Database) {
  return {
    schema: await describeSchema(database),
    log: await database.query('SELECT * FROM notification ORDER BY id'),
    head: await database.query('SELECT head FROM log_head'),
    tails: await database.query('SELECT * FROM log_tail ORDER BY keep_class'),
    receipts: await database.query(
      'SELECT player_id, notification_id, seen_at, read_at, archived_at FROM notification_receipt ORDER BY 1, 2',
    ),
    activity: await database.query('SELECT * FROM activity_log ORDER BY id'),
    sessions: await database.query('SELECT * FROM socketio_websocket_session'),
    definitions: await database.query(
      'SELECT kind, name, LENGTH(definition) FROM socketio_definition ORDER BY 1, 2',
    ),
    adoption: await database.query(
      'SELECT source, copied, left_out, last_id FROM live_adoption ORDER BY source',
    ),
  };
}

test('an adoption killed after any of its statements is resumed by the next run, with the same result', async () => {
  const first = await createOld();
  const statements: string[] = [];
  await migrate(watched(first.database, (statement) => statements.push(statement)));
  const expected = await describe(first.database);
  await first.drop();
  expect(expected).toMatchObject({ head: [{ head: 4 }] });

  let kills = 0;
  for (let offset = 0; offset < STRIDE; offset += 1) {
    const made = await createOld();
    for (let last = offset; last < statements.length; last += STRIDE) {
      const dying = watched(made.database, (statement) => {
        if (statement === statements[last]) throw new Killed();
      });
      // A statement that has run for good does not come again.
      if (await isKilled(migrate(dying))) kills += 1;
    }
    await migrate(made.database);
    expect(await describe(made.database)).toEqual(expected);
    await made.drop();
  }
  expect(kills).toBeGreaterThan(statements.length * 0.9);
}, 240_000);

test('a copy killed after any of its statements is resumed by the next run, with the same result', async () => {
  const made = await createOld();
  const { database } = made;
  await database.execute(
    `INSERT INTO notification (player_id, type, title, message, is_read, created_at)
     SELECT n.player_id, n.type, CONCAT(n.title, '-', l.level, '-', m.level), n.message, l.level % 2, n.created_at
     FROM notification n, level_config l, level_config m WHERE m.level <= 12`,
  );
  await migrate(database);
  const startAgain = async () => {
    for (const table of ['notification', 'notification_receipt', 'activity_log', 'live_adoption'])
      await database.execute(`DELETE FROM ${table}`);
    await database.execute('UPDATE log_head SET head = 0');
  };
  await startAgain();
  let statements = 0;
  await migrate(watched(database, () => (statements += 1)));
  const expected = await describe(database);
  expect(expected.log.length).toBeGreaterThan(1400);
  expect(statements).toBeGreaterThan(30);
  for (let last = 1; last <= statements; last += 1) {
    await startAgain();
    let sent = 0;
    const dying = watched(database, () => {
      sent += 1;
      if (sent === last) throw new Killed();
    });
    expect(await isKilled(migrate(dying))).toBe(true);
    await migrate(database);
    expect(await describe(database), `after statement ${last}`).toEqual(expected);
  }
  await made.drop();
}, 240_000);

async function isKilled(migrated: Promise<unknown>): Promise<boolean> {
  const error = await migrated.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error === undefined) return false;
  const killed = error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
  expect(killed, String(error)).toBe(true);
  return true;
}
