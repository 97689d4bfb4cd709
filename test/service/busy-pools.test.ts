import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { insertRow } from '../support/database/outbox.ts';
import { createContest, createPlayer } from '../support/database/platform.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';
import { note, startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/wire/listener.ts';

let live: TestService;
beforeAll(async () => {
  live = await startService({ DATABASE_POOL_SIZE: '2' });
});
afterAll(() => live.close());

/** Locks these tables, as an operator's statement may. @returns what unlocks them */
async function lockTables(...tables: string[]): Promise<() => Promise<unknown>> {
  const blocker = await openPlatformSession(live.test.url);
  onTestFinished(() => blocker.close());
  await blocker.run(`LOCK TABLES ${tables.map((table) => `${table} WRITE`).join(', ')}`);
  return () => blocker.run('UNLOCK TABLES');
}

/** Waits until so many statements of the service wait for locked tables. */
async function untilHanging(count: number): Promise<void> {
  await until(async () => {
    const rows = await live.test.database.query(
      "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table%'",
    );
    return rows.length >= count;
  });
}

const solved = async () => {
  const { playerId } = await createPlayer(live.test.database);
  const contestId = await createContest(live.test.database);
  return { playerId, problemId: 5, contestId };
};

describe('Where all connections are taken', () => {
  it('by requests, tasks go on: what SQL publishes is relayed, and streams of banned users end', async () => {
    const { database } = live.test;
    const banned = await createPlayer(database);
    const client = listen(`${live.url}/streams?scope=player:me`, await live.token(banned.userId));
    onTestFinished(() => client.close());
    await client.ready();
    const data = await solved();
    const tokens = await Promise.all(
      Array.from({ length: 6 }, async () => live.token((await createPlayer(database)).userId)),
    );
    const unlock = await lockTables('notification_receipt');
    let over = false;
    const requests = tokens.map(async (token) => {
      while (!over)
        await fetch(`${live.url}/notifications`, { headers: { authorization: `Bearer ${token}` } }).then(
          (response) => response.text(),
          // The service is closed: the test has failed.
          () => {
            over = true;
          },
        );
    });
    await untilHanging(2);
    // Before the stream ends: a request could be given its connection, which the service closes.
    expect(await (await fetch(`${live.url}/metrics`)).text()).toMatch(/^live_outbox_waiting \d/m);
    await insertRow(database, 'PROBLEM_SOLVED', data);
    await database.execute("UPDATE users SET status = 'BANNED' WHERE id = ?", [banned.userId]);
    await until(async () => (await database.query('SELECT 1 FROM event_outbox')).length === 0);
    await until(() => client.closed > 0);
    over = true;
    await unlock();
    await Promise.all(requests);
  });

  it('by tasks, requests go on: events are published, and streams opened', async () => {
    const { userId } = await createPlayer(live.test.database);
    const data = await solved();
    const unlock = await lockTables(
      'stream_session',
      'node',
      'log_tail',
      'standings_board',
      'announced_player',
    );
    await untilHanging(2);
    for (let round = 0; round < 10; round += 1) {
      expect((await live.publish({ type: 'PROBLEM_SOLVED', data })).status).toBe(201);
      const status = { contestId: data.contestId, oldStatus: 'UPCOMING', newStatus: 'LIVE' };
      expect((await live.publish({ type: 'CONTEST_STATUS', data: status })).status).toBe(201);
    }
    const client = listen(`${live.url}/streams?scope=player:me`, await live.token(userId));
    onTestFinished(() => client.close());
    await client.ready();
    await unlock();
  });

  it('by both, /ready answers, and reports what is true: that events can be published, or that they cannot', async () => {
    const { database } = live.test;
    const data = await solved();
    const tokens = await Promise.all(
      Array.from({ length: 3 }, async () => live.token((await createPlayer(database)).userId)),
    );
    const ready = async () => {
      const response = await fetch(`${live.url}/ready`);
      const { checks, warnings } = (await response.json()) as {
        checks: Record<string, string>;
        warnings: string[];
      };
      return { status: response.status, ...checks, warnings: warnings.join(' ') };
    };
    const busy = ['notification_receipt', 'stream_session', 'node', 'log_tail', 'standings_board'];
    const unlock = await lockTables(...busy);
    let answered = 0;
    const requests = tokens.map(async (token) => {
      const response = await fetch(`${live.url}/notifications`, {
        headers: { authorization: `Bearer ${token}` },
      });
      answered += 1;
      await response.text();
    });
    // Both connections of requests, and both of tasks.
    await untilHanging(4);
    expect((await live.publish(note(data.playerId, 'meanwhile'))).status).toBe(201);
    const fine = { status: 200, database: 'ok', publishing: 'ok', follower: 'ok' };
    expect(await ready()).toMatchObject(fine);
    expect(answered).toBe(0);
    const busyFor = (users: string) =>
      expect.stringMatching(`All database connections of ${users} have been busy`);
    await expect.poll(ready).toMatchObject({ ...fine, warnings: busyFor('requests') });
    await unlock();
    await Promise.all(requests);
    await expect.poll(ready).toMatchObject({ ...fine, warnings: expect.not.stringContaining('busy') });

    const stop = await lockTables(...busy, 'log_key');
    await untilHanging(2);
    const late = live.publish(note(data.playerId, 'late'));
    await expect.poll(ready).toMatchObject({ status: 503, database: 'ok', publishing: 'no answer in time' });
    await stop();
    await expect.poll(ready).toMatchObject({ status: 200, publishing: 'ok' });
    await late;
  });
});
