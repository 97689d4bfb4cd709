import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note } from '../support/service.ts';
import { prepareServer } from '../support/service-on-server.ts';

describe('On a server whose defaults are other than ours', () => {
  const own = prepareServer(async (admin) => {
    for (const [name, value] of [
      ['autocommit', '0'],
      ['sql_mode', "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"],
      ['sql_safe_updates', '1'],
      ['time_zone', "'+05:00'"],
      ['tx_isolation', "'SERIALIZABLE'"],
    ])
      await admin.execute(`SET GLOBAL ${name} = ${value}`);
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
    expect(await own.admin.query(sql)).toEqual([expected]);
    const dedicated = await own.admin.connect({ multipleStatements: true });
    expect((await dedicated.query(sql))[0]).toEqual([expected]);
    dedicated.destroy();
  });

  it('what is answered with 200 is kept', async () => {
    const { userId, playerId } = await createPlayer(own.admin);
    const published = await own.live.publish(note(playerId, 'kept'));
    const { events } = (await published.json()) as { events: { eventId: number }[] };
    const response = await fetch(`${own.live.url}/notifications/${events[0]?.eventId}/read`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await own.live.token(userId)}` },
    });
    expect(response.status).toBe(200);
    const other = openDatabase({ url: own.server.url });
    const rows = await other.query('SELECT read_at IS NOT NULL AS kept FROM notification_receipt');
    await other.close();
    expect(rows).toEqual([{ kept: 1 }]);
  });
});
