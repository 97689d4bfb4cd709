import { describe, expect, it, onTestFinished } from 'vitest';
import { publisherTo, titlesOf } from '../publisher/fixture.ts';
import { createCrowd } from '../support/crowd.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note } from '../support/service.ts';
import { prepareServer } from '../support/service-on-server.ts';
import { readPage } from '../support/wire/leaderboard-http.ts';

describe('On a server whose max_allowed_packet is 48 KiB', () => {
  const own = prepareServer(async (admin) => {
    await admin.execute('SET GLOBAL max_allowed_packet = 49152');
  });

  /** 2,000 bytes of message, stored twice a row. */
  const large = (playerId: number, title: string) => {
    const event = note(playerId, title);
    return { ...event, data: { ...event.data, message: 'm'.repeat(1_900) } };
  };
  const connections = async () => {
    const [row] = await own.admin.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Connections'");
    return Number(row?.Value);
  };

  it('a batch that does not fit is 413 and not stored, and the next one is stored', async () => {
    const { playerId } = await createPlayer(own.admin);
    expect((await own.live.publish(large(playerId, 'first'))).status).toBe(201);
    const before = await connections();
    const batch = Array.from({ length: 40 }, (_, number) => large(playerId, `n${number}`));
    for (let round = 0; round < 5; round++) {
      const refused = await own.live.publish(batch);
      expect(await refused.json()).toMatchObject({
        status: 413,
        code: 'body-too-large',
        detail: expect.stringContaining('49152 bytes'),
      });
    }
    expect((await own.live.publish(batch.slice(0, 8))).status).toBe(201);
    expect(await titlesOf(own.live, playerId)).toHaveLength(9);
    // Nothing was sent that the server would have to answer by closing the connection.
    expect((await connections()) - before).toBeLessThan(5);
  });

  it('callers of the same moment share no packet that is too large', async () => {
    const { playerId } = await createPlayer(own.admin);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, number) => own.live.publish(large(playerId, `n${number}`))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(await titlesOf(own.live, playerId)).toHaveLength(60);
  });

  it('the leaderboard of a crowd is created, published, and read, with its changes of rank', async () => {
    const { contestId, userId } = await createCrowd(own.admin, 400, [], 'Crowd');
    const token = await own.live.token(userId);
    const best = async () => (await readPage(own.live, contestId, token)).rows[0]?.finalRating;
    expect(await best()).toBe(9_000);
    await own.admin.execute(
      'UPDATE contest_participant SET final_rating = 10000 - final_rating WHERE contest_id = ?',
      [contestId],
    );
    await expect.poll(best).toBe(1_299.25);
    const moved = async () =>
      (
        await own.admin.query(
          "SELECT 1 FROM notification WHERE type = 'RANK_CHANGE' AND scope LIKE 'player:%'",
        )
      ).length;
    await expect.poll(moved).toBeGreaterThan(300);
  });

  it('the publisher library halves its requests and drops nothing', async () => {
    const { playerId } = await createPlayer(own.admin);
    const { publisher, dropped } = publisherTo(own.live);
    onTestFinished(() => publisher.close());
    const titles = Array.from({ length: 100 }, (_, number) => `n${number}`);
    publisher.publish(titles.map((title) => large(playerId, title)) as never);
    await publisher.flush();
    expect(dropped).toEqual([]);
    expect(await titlesOf(own.live, playerId)).toEqual(titles);
  });

  it('the relay halves its page, and only an event that can never fit becomes a dead letter', async () => {
    const { playerId } = await createPlayer(own.admin);
    const writer = await own.admin.connect();
    onTestFinished(() => writer.destroy());
    const titles = Array.from({ length: 200 }, (_, number) => `n${number}`);
    await writer.query('START TRANSACTION');
    const put = (type: string, data: object) =>
      writer.query('INSERT INTO event_outbox (type, payload, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))', [
        type,
        JSON.stringify(data),
      ]);
    for (const title of titles.slice(0, 100)) await put('ANNOUNCEMENT', large(playerId, title).data);
    // Its payload is 20 KB of text, and its append 60 KB of statement.
    await writer.query(
      `INSERT INTO event_outbox (type, payload, created_at)
       VALUES ('ANNOUNCEMENT', JSON_OBJECT('title', 'huge', 'playerId', ?, 'message', REPEAT('"', 10000)), UTC_TIMESTAMP(3))`,
      [playerId],
    );
    for (const title of titles.slice(100)) await put('ANNOUNCEMENT', large(playerId, title).data);
    for (let number = 0; number < 300; number++) await put('UNKNOWN', { number });
    await writer.query('COMMIT');
    await expect.poll(() => titlesOf(own.live, playerId)).toEqual(titles);
    await expect
      .poll(() => own.admin.query('SELECT id FROM event_outbox WHERE failed_at IS NULL'))
      .toEqual([]);
    const failed = await own.admin.query(
      'SELECT type, error, COUNT(*) AS count FROM event_outbox GROUP BY 1, 2 ORDER BY 1',
    );
    expect(failed).toEqual([
      { type: 'ANNOUNCEMENT', count: 1, error: expect.stringContaining('at most 49152 bytes') },
      { type: 'UNKNOWN', count: 300, error: expect.any(String) },
    ]);
  });
});
