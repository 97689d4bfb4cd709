import { describe, expect, it, onTestFinished } from 'vitest';
import { publisherTo, titlesOf } from '../publisher/fixture.ts';
import { createCrowd } from '../support/crowd.ts';
import { wholeLog } from '../support/database/log.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createUser,
  setFrozen,
} from '../support/database/platform.ts';
import { note } from '../support/service.ts';
import { prepareServer } from '../support/service-on-server.ts';
import { readPage } from '../support/wire/leaderboard-http.ts';
import { readStream } from '../support/wire/raw-stream.ts';

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

  it('the cells of a crowd are created, published, and read, all and after a rejudgement of all', async () => {
    const { contestId, userId, playerId } = await createCrowd(own.admin, 400, [], 'Cells');
    const problems = [await createProblem(own.admin), await createProblem(own.admin)];
    await own.admin.execute('UPDATE contest SET problems = ? WHERE id = ?', [
      JSON.stringify(problems),
      contestId,
    ]);
    for (const problemId of problems)
      await own.admin.execute(
        `INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned, submitted_at)
         SELECT player_id, ?, contest_id, 'cpp', 'ACCEPTED', 100, UTC_TIMESTAMP() FROM contest_participant
          WHERE contest_id = ?`,
        [problemId, contestId],
      );
    const path = `/streams/contests/${contestId}/leaderboard?cells=1`;
    const stream = await readStream(own.live.url + path, {
      authorization: `Bearer ${await own.live.token(userId)}`,
    });
    onTestFinished(() => stream.close());
    const solvers = new Set<number>();
    const solved = () => {
      for (const { event, data } of stream.events.splice(0)) {
        const { rows, changed } =
          event === 'cells-snapshot' ? JSON.parse(data) : (JSON.parse(data).data ?? {});
        for (const row of rows ?? changed ?? []) {
          const all = row.cells.length === 2 && row.cells.every((cell: object) => 'solvedAt' in cell);
          if (all) solvers.add(row.playerId);
          else solvers.delete(row.playerId);
        }
      }
      return solvers.size;
    };
    await expect.poll(solved).toBe(400);
    await own.admin.execute(
      "UPDATE submission SET verdict = 'WRONG_ANSWER' WHERE contest_id = ? AND problem_id = ? AND player_id <> ?",
      [contestId, problems[0], playerId],
    );
    await expect.poll(solved).toBe(1);
    expect([...solvers]).toEqual([playerId]);
  });

  it('cells of one player that do not fit are left out alone, and counted', async () => {
    const [large, small] = [await createPlayer(own.admin), await createPlayer(own.admin)];
    const first = await createProblem(own.admin, { title: 'One of many' });
    await own.admin.execute(
      `INSERT INTO problem (title, difficulty, points, description, examples, test_cases)
       SELECT title, difficulty, points, description, examples, test_cases FROM problem, seq_1_to_999 WHERE id = ?`,
      [first],
    );
    const problems = await own.admin.query<{ id: number }>('SELECT id FROM problem WHERE title = ?', [
      'One of many',
    ]);
    const contestId = await createContest(own.admin, {
      problems: problems.map(({ id }) => id),
      players: [large, small],
    });
    const solve = (playerId: number, least: number) =>
      own.admin.execute(
        `INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned, submitted_at)
         SELECT ?, id, ?, 'cpp', 'ACCEPTED', 100, UTC_TIMESTAMP() FROM problem WHERE title = 'One of many' AND id >= ?`,
        [playerId, contestId, least],
      );
    const last = problems.at(-1)?.id ?? 0;
    await solve(large.playerId, first);
    await solve(small.playerId, last);
    const stream = await readStream(`${own.live.url}/streams/contests/${contestId}/leaderboard?cells=1`, {
      authorization: `Bearer ${await own.live.token(small.userId)}`,
    });
    onTestFinished(() => stream.close());
    const cells = (kind: string, rows: string) =>
      stream.events
        .filter(({ event }) => event === kind)
        .flatMap(({ data }) => {
          const parsed = JSON.parse(data);
          return (parsed[rows] ?? parsed.data[rows]) as { playerId: number; cells: unknown[] }[];
        })
        .map((row) => [row.playerId, row.cells.length]);
    await expect.poll(() => cells('cells-snapshot', 'rows')).toEqual([[small.playerId, 1]]);
    const leftOut = async () =>
      (await (await fetch(`${own.live.url}/metrics`)).text()).match(
        /^live_leaderboard_rows_left_out\S* (\d+)$/m,
      )?.[1];
    await expect.poll(leftOut).toBe('1');
    await solve(small.playerId, last - 1);
    await expect.poll(() => cells('cells-update', 'changed')).toContainEqual([small.playerId, 2]);
    // Fewer submissions of that player fit.
    await own.admin.execute('DELETE FROM submission WHERE player_id = ? AND problem_id > ?', [
      large.playerId,
      first + 5,
    ]);
    await expect.poll(() => cells('cells-update', 'changed')).toContainEqual([large.playerId, 6]);
    await expect.poll(leftOut).toBe('0');
  });

  it('hundreds of contests are listed, and the counts of their participants published', async () => {
    const createdBy = await createUser(own.admin, { role: 'ADMIN' });
    const title = 'A contest with a title of some length, as there are many '.repeat(3);
    for (let number = 0; number < 300; number++)
      await createContest(own.admin, { createdBy, title, isPublic: number % 3 > 0 });
    const listed = (count: number) =>
      own.admin.query(
        `SELECT 1 FROM contest_listing l JOIN contest c ON c.id = l.contest_id
          WHERE c.title = ? AND l.participant_count = ?`,
        [title, count],
      );
    await expect.poll(async () => (await listed(0)).length).toBe(300);
    await own.admin.execute('UPDATE contest SET participant_count = 123456 WHERE title = ?', [title]);
    await expect.poll(async () => (await listed(123_456)).length).toBe(300);
    const counts = await own.admin.query<{ id: number }>(
      "SELECT JSON_VALUE(data, '$.contestId') AS id FROM notification WHERE type = 'CONTEST_COUNTS' AND scope LIKE 'contest:%'",
    );
    const contests = await own.admin.query<{ id: number }>('SELECT id FROM contest WHERE title = ?', [title]);
    expect(counts.map(({ id }) => Number(id))).toEqual(expect.arrayContaining(contests.map(({ id }) => id)));
  });

  it('what a freeze deferred is published in parts when it is over, in its order', async () => {
    const { playerId } = await createPlayer(own.admin);
    const contestId = await createContest(own.admin, { players: [{ playerId }], frozen: true });
    const names = Array.from({ length: 150 }, (_, number) => `Achievement ${number}`);
    for (const name of names) {
      const achievement = { playerId, achievement: name.toLowerCase().replace(' ', '-'), name };
      const data = { ...achievement, description: 'd'.repeat(500) };
      expect((await own.live.publish({ type: 'ACHIEVEMENT', data })).status).toBe(201);
    }
    const published = async () =>
      (await wholeLog(own.admin))
        .filter(({ type, scope }) => type === 'ACHIEVEMENT' && scope === 'global')
        .map(({ title }) => title);
    expect(await published()).toEqual([]);
    await setFrozen(own.admin, contestId, false);
    await expect.poll(published).toEqual(names);
    // Its player has each once, by padded appends: what these had no room for while the freeze lasted comes after it.
    await expect.poll(() => own.admin.query('SELECT 1 FROM deferred_event')).toEqual([]);
    expect(await titlesOf(own.live, playerId)).toEqual(names);
  });

  it('announcements that expire at one moment are withdrawn', async () => {
    const createdBy = await createUser(own.admin, { role: 'ADMIN' });
    for (let number = 0; number < 150; number++)
      await own.admin.execute(
        `INSERT INTO announcement (created_by, title, message, expires_at)
         VALUES (?, ?, 'm', UTC_TIMESTAMP() - INTERVAL 1 MINUTE)`,
        [createdBy, `${number} ${'t'.repeat(250)}`],
      );
    await own.admin.execute(
      `INSERT INTO announcement_expiry (announcement_id, expires_at, written_as)
       SELECT id, expires_at, CAST(expires_at AS CHAR) FROM announcement WHERE created_by = ?`,
      [createdBy],
    );
    const withdrawn = async () =>
      (await wholeLog(own.admin)).filter(({ type }) => type === 'ANNOUNCEMENT_WITHDRAWN').length;
    await expect.poll(withdrawn).toBe(150);
    expect(await own.admin.query('SELECT 1 FROM announcement_expiry')).toEqual([]);
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
       VALUES ('ANNOUNCEMENT', JSON_OBJECT('title', 'huge', 'playerId', ?, 'message', REPEAT('\\\\', 10000)), UTC_TIMESTAMP(3))`,
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
