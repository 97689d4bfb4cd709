import { expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { startPrivateServer } from '../support/database/database-server.ts';
import { createPlayer } from '../support/database/platform.ts';
import { createPlatformTables, createSocketIoTables, notifyOld } from '../support/database/socketio.ts';

// A server's zone is everybody's, so this one is the test's own.
test.runIf(inject('databaseKind') === 'mariadb')(
  'old DATETIMEs are read by the server’s clock, and old TIMESTAMPs are moments',
  async () => {
    const server = await startPrivateServer();
    const database = openDatabase({ url: server.url });
    await database.execute("SET GLOBAL time_zone = '+05:30'");
    await createPlatformTables(database);
    const { playerId } = await createPlayer(database);
    await createSocketIoTables(database, { moment: 'DATETIME' });
    await database.execute('ALTER TABLE notification MODIFY created_at TIMESTAMP NULL');
    const shown = '2026-01-02 03:04:05';
    await notifyOld(database, { player_id: playerId, created_at: shown, is_read: true, read_at: shown });
    await database.execute(
      "INSERT INTO activity_log (player_id, action_type, timestamp) VALUES (?, 'LEVEL_UP', ?)",
      [playerId, shown],
    );
    await migrate(database);
    const [row] = await database.query(
      `SELECT (SELECT created_at FROM notification) AS created, (SELECT read_at FROM notification_receipt) AS readAt,
         (SELECT timestamp FROM activity_log) AS logged`,
    );
    expect(row).toEqual({
      created: new Date('2026-01-02T03:04:05Z'),
      readAt: new Date('2026-01-01T21:34:05Z'),
      logged: new Date('2026-01-01T21:34:05Z'),
    });
    await database.close();
    await server.remove();
  },
);
