import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { type PrivateServer, startPrivateServer } from '../support/database/database-server.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';

describe('On a server whose defaults are other than ours', () => {
  let server: PrivateServer;
  let live: TestService;
  let admin: ReturnType<typeof openDatabase>;

  beforeAll(async () => {
    server = await startPrivateServer({ supervise: false });
    const before = openDatabase({ url: server.url });
    await migrate(before);
    for (const [name, value] of [
      ['autocommit', '0'],
      ['sql_mode', "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"],
      ['sql_safe_updates', '1'],
      ['time_zone', "'+05:00'"],
      ['tx_isolation', "'SERIALIZABLE'"],
    ])
      await before.execute(`SET GLOBAL ${name} = ${value}`);
    await before.close();
    admin = openDatabase({ url: server.url });
    live = await startServiceOn({ url: server.url, database: admin, drop: () => admin.close() });
  }, 60_000);
  afterAll(async () => {
    await live.close();
    await server.remove();
  });

  it('each connection, pooled or dedicated, has the settings that the code assumes', async () => {
    const expected = {
      autocommit: 1,
      mode: 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
      safe: 0,
      zone: '+00:00',
      isolation: 'READ-COMMITTED',
    };
    const sql = `SELECT @@autocommit AS autocommit, @@sql_mode AS mode, @@sql_safe_updates AS safe, @@time_zone AS zone,
      @@tx_isolation AS isolation`;
    expect(await admin.query(sql)).toEqual([expected]);
    const dedicated = await admin.connect({ multipleStatements: true });
    expect((await dedicated.query(sql))[0]).toEqual([expected]);
    dedicated.destroy();
  });

  it('what is answered with 200 is kept', async () => {
    const { userId, playerId } = await createPlayer(admin);
    const published = await live.publish(note(playerId, 'kept'));
    const { events } = (await published.json()) as { events: { eventId: number }[] };
    const response = await fetch(`${live.url}/notifications/${events[0]?.eventId}/read`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await live.token(userId)}` },
    });
    expect(response.status).toBe(200);
    const other = openDatabase({ url: server.url });
    const rows = await other.query('SELECT read_at IS NOT NULL AS kept FROM notification_receipt');
    await other.close();
    expect(rows).toEqual([{ kept: 1 }]);
  });
});
