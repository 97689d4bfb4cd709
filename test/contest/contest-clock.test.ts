import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Transaction } from '../../src/db/database.ts';
import { createPlatformClock } from '../../src/platform/clock.ts';
import type { EventData } from '../../src/protocol/event.ts';
import { Problem } from '../../src/protocol/problem.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { withGaps } from '../support/database/gaps.ts';
import { wholeLog } from '../support/database/log.ts';
import { createContest, createPlayer, createUser, joinContest } from '../support/database/platform.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { until } from '../support/until.ts';
import { announcementsOf, type ClockNode, inSeconds, isRecorded, openClockNode, times } from './fixture.ts';

/** Sets a contest live as the platform does with triggers: its report waits in the outbox. */
async function setLiveAndReport(tx: Transaction, id: number): Promise<void> {
  await tx.execute("UPDATE contest SET status = 'LIVE' WHERE id = ?", [id]);
  await tx.execute(
    `INSERT INTO event_outbox (type, payload, created_at)
     VALUES ('CONTEST_STATUS', JSON_OBJECT('contestId', CAST(? AS SIGNED), 'newStatus', 'LIVE'), UTC_TIMESTAMP(3))`,
    [id],
  );
}

describe('The contest clock', () => {
  const made = prepareDatabase();
  const { database } = made;
  let admin: number;
  const nodes: ClockNode[] = [];

  beforeAll(async () => {
    admin = await createUser(database, { role: 'ADMIN' });
  });
  afterEach(async () => {
    // A machine at its limit may be too slow for an append: it is tried again.
    const errors = nodes
      .flatMap((node) => node.errors)
      .filter((error) => !(error instanceof Problem && error.code === 'database-unavailable'));
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    expect(errors).toEqual([]);
  });

  function node(): ClockNode {
    const opened = openClockNode(database);
    nodes.push(opened);
    return opened;
  }
  async function contest(
    status: 'DRAFT' | 'UPCOMING' | 'LIVE' | 'ENDED',
    start: number,
    end: number,
    title = 'Sprint',
  ): Promise<number> {
    const [startTime, endTime] = await times(database, start, end);
    return createContest(database, { title, status, createdBy: admin, startTime, endTime });
  }
  const set = (id: number, status: string) =>
    database.execute('UPDATE contest SET status = ? WHERE id = ?', [status, id]);
  const announced = (id: number) => announcementsOf(database, id);
  const recorded = (id: number) => until(() => isRecorded(database, id));
  const announces = (id: number, ...words: string[]) =>
    expect.poll(() => announced(id), { interval: 10 }).toEqual(words);
  /** Waits until another contest has started and ended: everything that is due by now is announced then. */
  async function pass(): Promise<void> {
    await announces(await contest('UPCOMING', 0, 1), 'LIVE', 'ENDED', 'END');
  }

  test('announces a start and an end when they pass, with details', async () => {
    const id = await contest('UPCOMING', 1, 2, 'Friday Sprint');
    const { playerId } = await createPlayer(database);
    await joinContest(database, { contestId: id, playerId });
    node().start();
    await announces(id, 'LIVE', 'ENDED', 'END');
    const rows = (await wholeLog(database)).filter((row) => row.scope === `contest:${id}`);
    const [live, ended, end] = rows.map((row) => JSON.parse(row.data));
    const { startsAt, endsAt } = live as EventData<'CONTEST_STATUS'>;
    expect(live).toEqual({
      contestId: id,
      contestTitle: 'Friday Sprint',
      oldStatus: 'UPCOMING',
      newStatus: 'LIVE',
      startsAt,
      endsAt,
    });
    expect(ended).toEqual({ ...live, oldStatus: 'LIVE', newStatus: 'ENDED' });
    expect(end).toEqual({ contestId: id, contestTitle: 'Friday Sprint', participantCount: 1 });
    // Never early, and by the clock that the platform has.
    expect(rows[0]?.at).toBeGreaterThanOrEqual(Date.parse(startsAt ?? ''));
    expect(rows[1]?.at).toBeGreaterThanOrEqual(Date.parse(endsAt ?? ''));
    expect(Date.parse(endsAt ?? '') - Date.parse(startsAt ?? '')).toBe(1_000);
    expect(rows.every((row) => row.playerId === null)).toBe(true);
    await pass();
    expect(await announced(id)).toHaveLength(3);
    const [{ status } = { status: '' }] = await database.query<{ status: string }>(
      'SELECT status FROM contest WHERE id = ?',
      [id],
    );
    expect(status).toBe('UPCOMING');
  });

  test('goes on with other contests while one has a locked state, and with that one afterwards', async () => {
    const held = await contest('UPCOMING', 3_600, 7_200);
    const silent = await contest('UPCOMING', 3_600, 7_200);
    const clock = node();
    clock.start();
    for (const id of [held, silent]) await recorded(id);
    const free = await lockRows(made.url, `contest_announced WHERE contest_id = ${held}`);
    // Drafts are recorded without an announcement.
    for (const id of [held, silent]) await set(id, 'DRAFT');
    await recorded(silent);
    await set(held, 'LIVE');
    await pass();
    expect(await announced(held)).toEqual([]);
    await free();
    await announces(held, 'LIVE');
  });

  test('announces once what happened while no clock was running', async () => {
    const id = await contest('UPCOMING', 1_800, 3_600);
    const clock = node();
    clock.start();
    await recorded(id);
    await clock.stop();
    // As if the half hour had passed.
    await database.execute('UPDATE contest SET start_time = ? WHERE id = ?', [
      await inSeconds(database, -1),
      id,
    ]);
    expect(await announced(id)).toEqual([]);
    clock.start();
    await announces(id, 'LIVE');
    await clock.stop();
    clock.start();
    await pass();
    expect(await announced(id)).toEqual(['LIVE']);
  });

  test('announces a status that is set by hand, unless it has announced it before', async () => {
    const byHand = await contest('UPCOMING', 1, 3_600);
    const early = await contest('UPCOMING', 1_800, 3_600);
    node().start();
    await Promise.all([recorded(byHand), recorded(early)]);
    await announces(byHand, 'LIVE');
    await set(byHand, 'LIVE');
    await recorded(byHand);
    await set(early, 'LIVE');
    await announces(early, 'LIVE');
    await set(early, 'ENDED');
    await announces(early, 'LIVE', 'ENDED', 'END');
    await database.execute('UPDATE contest SET end_time = ? WHERE id = ?', [
      await inSeconds(database, 0),
      early,
    ]);
    await pass();
    expect(await announced(byHand)).toEqual(['LIVE']);
    expect(await announced(early)).toEqual(['LIVE', 'ENDED', 'END']);
    await set(early, 'LIVE');
    await announces(early, 'LIVE', 'ENDED', 'END', 'LIVE');
    await set(early, 'ENDED');
    await announces(early, 'LIVE', 'ENDED', 'END', 'LIVE', 'ENDED', 'END');
  });

  test('follows times that are changed', async () => {
    const id = await contest('UPCOMING', 7_200, 9_000);
    node().start();
    await recorded(id);
    const move = async (column: 'start_time' | 'end_time', seconds: number) =>
      database.execute(`UPDATE contest SET ${column} = ? WHERE id = ?`, [
        await inSeconds(database, seconds),
        id,
      ]);
    await move('start_time', 1);
    await announces(id, 'LIVE');
    await move('end_time', 1);
    await announces(id, 'LIVE', 'ENDED', 'END');
    await move('end_time', 2);
    await announces(id, 'LIVE', 'ENDED', 'END', 'LIVE', 'ENDED', 'END');
  });

  test('announces nothing of old contests in a database that it sees for the first time', async () => {
    const first = await contest('UPCOMING', -200_000, -190_000);
    const columns = 'created_by, problems, title, start_time, end_time, duration_mins';
    await database.execute(
      `INSERT INTO contest (status, ${columns})
       SELECT ELT(1 + (a.n + b.n) % 5, 'DRAFT', 'UPCOMING', 'LIVE', 'ENDED', 'CANCELLED'), ${columns} FROM contest
         JOIN (SELECT help.level AS n FROM level_config help) a JOIN (SELECT level AS n FROM level_config) b
        WHERE id = ?`,
      [first],
    );
    const before = (await wholeLog(database)).length;
    const left = async (where: string) => {
      const [row] = await database.query<{ n: number }>(
        `SELECT COUNT(*) AS n FROM contest c LEFT JOIN contest_announced a ON a.contest_id = c.id WHERE ${where}`,
      );
      return Number(row?.n);
    };
    expect(await left('a.contest_id IS NULL')).toBeGreaterThan(900);
    node().start();
    await until(async () => (await left('a.contest_id IS NULL')) === 0);
    expect((await wholeLog(database)).length).toBe(before);
    expect(await left('a.turn = 0')).toBeGreaterThan(900);
  });

  test('announces once, though other nodes run the clock or report the same', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => contest('UPCOMING', 1, 3_600)));
    const clocks = [node(), node(), node()];
    for (const clock of clocks) clock.start();
    await Promise.all(ids.map(recorded));
    const calls: Promise<boolean>[] = [];
    for (const clock of clocks)
      for (const contestId of ids)
        calls.push(
          clock.announcer.announce({ type: 'CONTEST_STATUS', data: { contestId, newStatus: 'LIVE' } }),
        );
    const answers = await Promise.allSettled(calls);
    const first = answers.filter((answer) => answer.status === 'fulfilled' && answer.value);
    expect(first.length).toBeLessThanOrEqual(ids.length);
    for (const id of ids) await announces(id, 'LIVE');
    await database.execute('UPDATE contest SET end_time = ? WHERE id IN (?)', [
      await inSeconds(database, 1),
      ids,
    ]);
    for (const id of ids) await announces(id, 'LIVE', 'ENDED', 'END');
    await pass();
    for (const id of ids) expect(await announcementsOf(database, id)).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('leaves reports that wait in the outbox to the relay', async () => {
    const id = await contest('UPCOMING', 1_800, 3_600);
    node().start();
    await recorded(id);
    await database.transaction((tx) => setLiveAndReport(tx, id));
    await pass();
    expect(await announced(id)).toEqual([]);
    await database.execute('UPDATE event_outbox SET failed_at = UTC_TIMESTAMP(3)');
    await announces(id, 'LIVE');
  });

  test.each([1, 2, 3])('leaves a report to the relay that comes behind read %i of a poll', async (gap) => {
    const id = await contest('UPCOMING', 1_800, 3_600);
    node().start();
    await recorded(id);
    await nodes[0]?.stop();
    // Without the net: the clock polls once, and its next poll is an hour away.
    let happened = false;
    const gapped = withGaps(database, async (reads) => {
      if (reads !== gap || happened) return;
      happened = true;
      await database.transaction((tx) => setLiveAndReport(tx, id));
    });
    // Something of another contest changes, so that the poll reads the outbox.
    const other = await contest('LIVE', -60, 3_600);
    const single = openClockNode(gapped, createPlatformClock(), { nearMs: 3_600_000, allMs: 3_600_000 });
    nodes.push(single);
    single.start();
    await recorded(other);
    await single.stop();
    expect(happened).toBe(true);
    expect(await announced(id)).toEqual([]);
    await database.execute('UPDATE event_outbox SET failed_at = UTC_TIMESTAMP(3)');
  });

  test('truncates titles of any length', async () => {
    const id = await contest('UPCOMING', 0, 3_600, `${'x'.repeat(199)}\u{1f600}${'y'.repeat(40)}`);
    const nameless = await contest('UPCOMING', 0, 3_600, '');
    node().start();
    await announces(id, 'LIVE');
    await announces(nameless, 'LIVE');
    const row = (await wholeLog(database)).find(({ scope }) => scope === `contest:${id}`);
    expect(JSON.parse(row?.data ?? '')).toMatchObject({ contestTitle: 'x'.repeat(199) });
  });

  test.each(["ENUM('UPCOMING', 'LIVE', 'ENDED', 'HALTED', 'Pausé')", 'VARCHAR(60)'])(
    'takes a status that there is not for one of no consequence, and goes on: %s',
    async (type) => {
      await database.execute('DELETE FROM contest');
      await database.execute(`ALTER TABLE contest MODIFY status ${type} NULL`);
      const id = await contest('UPCOMING', 60, 90);
      const live = await contest('LIVE', -60, 90);
      node().start();
      await recorded(id);
      await recorded(live);
      const platform = await openPlatformSession(made.url);
      for (const status of ['HALTED', 'Pausé', 'P'.repeat(50), null]) {
        await platform.run('UPDATE contest SET status = ? WHERE id IN (?, ?)', [status, id, live]);
        await pass();
      }
      platform.close();
      expect([await announced(id), await announced(live)]).toEqual([[], []]);
      await set(id, 'LIVE');
      await announces(id, 'LIVE');
    },
  );
});
