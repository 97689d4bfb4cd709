import { describe, expect, test } from 'vitest';
import { readOutboxStats, watchOutbox } from '../../../src/events/outbox/stats.ts';
import { insertRow, publishSql, relayed } from '../../support/database/outbox.ts';
import { prepareOutbox } from './fixture.ts';

const outbox = prepareOutbox();

describe('How the outbox is doing', () => {
  test('is the number of waiting rows, since when they wait, and the number of dead letters', async () => {
    const { database } = outbox;
    expect(await readOutboxStats(database)).toEqual({ waiting: 0, failed: 0, oldestS: 0 });
    const { stop } = outbox.relaying();
    for (let i = 0; i < 2; i++) await insertRow(database, 'NOTHING', {});
    await relayed(database);
    await stop();
    await database.execute(
      "INSERT INTO event_outbox (type, payload, created_at) VALUES ('X', '{}', UTC_TIMESTAMP(3) - INTERVAL 90 SECOND)",
    );
    await publishSql(database, 'a');
    const stats = await readOutboxStats(database);
    expect(stats).toMatchObject({ waiting: 2, failed: 2 });
    expect(stats.oldestS).toBeGreaterThanOrEqual(90);
    expect(stats.oldestS).toBeLessThan(150);
    await database.execute("UPDATE event_outbox SET created_at = '2100-01-01' WHERE failed_at IS NULL");
    expect((await readOutboxStats(database)).oldestS).toBe(0);
  });

  test('is asked of the database once, however many ask, and not known while it cannot say', async () => {
    let asked = 0;
    const ask = watchOutbox(
      {
        async query<T>(sql: string) {
          asked++;
          return outbox.database.query<T>(sql);
        },
      },
      60_000,
    );
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    const once = asked;
    expect(new Set(answers)).toEqual(new Set([{ waiting: 0, failed: 0, oldestS: 0 }]));
    await ask();
    expect(asked).toBe(once);
    expect(await watchOutbox({ query: async () => Promise.reject(new Error('away')) })()).toBeUndefined();
    const often = watchOutbox(outbox.database, 0);
    expect(await often()).toMatchObject({ waiting: 0 });
    await publishSql(outbox.database, 'a');
    expect(await often()).toMatchObject({ waiting: 1 });
  });
});
