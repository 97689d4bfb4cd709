import { describe, expect, it } from 'vitest';
import { insertRow, outboxRows } from '../support/database/outbox.ts';
import { createContest, createPlayer, createUser } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { note, prepareService } from '../support/service.ts';
import { until } from '../support/until.ts';

describe('A contest whose announced state another transaction has locked', () => {
  const live = prepareService();

  it('delays its own announcements alone, from SQL and over REST', { timeout: 60_000 }, async () => {
    const { database, url } = live.test;
    const createdBy = await createUser(database, { role: 'ADMIN' });
    const [held, free] = [
      await createContest(database, { createdBy }),
      await createContest(database, { createdBy }),
    ];
    const { playerId } = await createPlayer(database);
    const rowsOf = (id: number) =>
      database.query('SELECT 1 FROM contest_announced WHERE contest_id = ?', [id]);
    for (const id of [held, free]) await until(async () => (await rowsOf(id)).length === 1);
    const announced = async (id: number) =>
      (
        await database.query<{ data: string }>(
          "SELECT data FROM notification WHERE scope = ? AND type = 'CONTEST_STATUS' ORDER BY id",
          [`contest:${id}`],
        )
      ).map(({ data }) => (JSON.parse(data) as { newStatus: string }).newStatus);
    const status = (contestId: number) => ({ contestId, oldStatus: 'LIVE', newStatus: 'CANCELLED' });

    const unlock = await lockRows(url, `contest_announced WHERE contest_id = ${held}`);
    await insertRow(database, 'CONTEST_STATUS', status(held));
    await insertRow(database, 'CONTEST_STATUS', status(free));
    await insertRow(database, 'PROBLEM_SOLVED', { playerId, problemId: 5, contestId: held });
    await until(async () => (await outboxRows(database)).length === 1);
    expect([await announced(held), await announced(free)]).toEqual([[], ['CANCELLED']]);

    const refused = live.publish({ type: 'CONTEST_STATUS', data: { ...status(held), newStatus: 'ENDED' } });
    for (let round = 0; round < 5; round += 1)
      expect((await live.publish(note(playerId, `n${round}`))).status).toBe(201);
    expect((await refused).status).toBe(503);
    expect((await fetch(`${live.url}/ready`)).status).toBe(200);

    await unlock();
    await until(async () => (await announced(held)).length === 1);
    expect(await outboxRows(database)).toEqual([]);
  });
});
