import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { wholeLog } from '../support/database/log.ts';
import {
  createContest,
  createPlayer,
  createUser,
  joinContest,
  setFrozen,
} from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { until } from '../support/until.ts';
import { type ClockNode, openListingNode } from './fixture.ts';

describe('The list of contests', () => {
  const { url, database } = prepareDatabase();
  let admin: number;
  const nodes: ClockNode[] = [];

  beforeAll(async () => {
    admin = await createUser(database, { role: 'ADMIN' });
    // Recorded as it is; what comes later is new.
    await createContest(database, { createdBy: admin, title: 'Before' });
    await started();
  });
  afterEach(async () => {
    const errors = nodes.flatMap((node) => node.errors);
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    expect(errors).toEqual([]);
  });

  async function started(): Promise<ClockNode> {
    const node = openListingNode(database);
    nodes.push(node);
    node.start();
    await until(
      async () => (await database.query('SELECT 1 FROM contest_listing WHERE contest_id = 0')).length === 1,
    );
    return node;
  }
  const contest = (about: Parameters<typeof createContest>[1] = {}) =>
    createContest(database, {
      createdBy: admin,
      status: 'UPCOMING',
      startTime: '2099-01-01 00:00:00',
      ...about,
    });
  const set = (id: number, column: string, value: unknown) =>
    database.execute(`UPDATE contest SET ${column} = ? WHERE id = ?`, [value, id]);
  /** Types of the events of a contest, with their scopes, in order; without its participant counts. */
  const published = async (id: number) =>
    (await publishedWithCounts(id)).filter((event) => !event.startsWith('COUNTS'));
  async function publishedWithCounts(id: number): Promise<string[]> {
    const rows = await wholeLog(database);
    return rows
      .filter((row) => {
        const data = JSON.parse(row.data) as { contestId?: number; contests?: { contestId: number }[] };
        return data.contestId === id || data.contests?.some((one) => one.contestId === id);
      })
      .map((row) => `${row.type.replace('CONTEST_', '')} ${row.scope.replace(String(id), '#')}`);
  }
  const publishes = (id: number, ...events: string[]) =>
    expect.poll(() => published(id), { interval: 20 }).toEqual(events);
  const dataOf = async (id: number, type: string): Promise<Record<string, unknown>> => {
    const rows = (await wholeLog(database)).filter((row) => row.type === type);
    return rows.map((row) => JSON.parse(row.data)).findLast((data) => data.contestId === id);
  };
  /** Waits until a later contest was published: whatever is due by now is published then. */
  const pass = async () => publishes(await contest(), 'CREATED global');

  test('publishes nothing of the contests that were there first', async () => {
    await started();
    await pass();
    expect(await published(1)).toEqual([]);
  });

  test('publishes a new public contest to everybody, without its problems', async () => {
    await started();
    const id = await contest({ title: 'Friday Sprint', problems: [3, 1, 2] });
    await publishes(id, 'CREATED global');
    expect(await dataOf(id, 'CONTEST_CREATED')).toEqual({
      contestId: id,
      contestTitle: 'Friday Sprint',
      status: 'UPCOMING',
      startsAt: expect.stringMatching(/^20(?:98-12-31|99-01-01)T/),
      endsAt: expect.stringMatching(/^20|^21/),
      isPublic: true,
      problemCount: 3,
    });
  });

  test('publishes what changes of other contests while one has a locked row, and of that one afterwards', async () => {
    await started();
    const [held, other] = [await contest(), await contest()];
    for (const id of [held, other]) await publishes(id, 'CREATED global');
    const free = await lockRows(url, `contest_listing WHERE contest_id = ${held}`);
    for (const id of [held, other]) await set(id, 'participant_count', 7);
    const counted = async (id: number) => (await publishedWithCounts(id)).includes('COUNTS contest:#');
    await until(() => counted(other));
    for (const id of [held, other]) await set(id, 'title', 'Another');
    await publishes(other, 'CREATED global', 'CHANGED contest:#', 'CHANGED global');
    expect(await publishedWithCounts(held)).toEqual(['CREATED global']);
    await free();
    await publishes(held, 'CREATED global', 'CHANGED contest:#', 'CHANGED global');
  });

  test('publishes a draft when it is no longer one, and a private contest to nobody', async () => {
    await started();
    const draft = await contest({ status: 'DRAFT' });
    const closed = await contest({ isPublic: false });
    await pass();
    expect([await published(draft), await published(closed)]).toEqual([[], []]);
    await set(draft, 'title', 'Still a draft');
    await set(draft, 'status', 'UPCOMING');
    await publishes(draft, 'CREATED global');
  });

  test('publishes moved times to those who follow the contest and to everybody', async () => {
    await started();
    const id = await contest();
    await publishes(id, 'CREATED global');
    await set(id, 'end_time', '2100-06-01 00:00:00');
    await publishes(id, 'CREATED global', 'CHANGED contest:#', 'CHANGED global');
    expect(await dataOf(id, 'CONTEST_CHANGED')).toMatchObject({
      changed: ['endsAt'],
      endsAt: expect.stringMatching(/^2100-0(?:5-31|6-01)T/),
    });
  });

  test('names the problems once the contest has started', async () => {
    await started();
    const id = await contest({ problems: [7, 8] });
    await publishes(id, 'CREATED global');
    await set(id, 'problems', '[7, 9]');
    await publishes(id, 'CREATED global', 'CHANGED contest:#', 'CHANGED global');
    expect(await dataOf(id, 'CONTEST_CHANGED')).not.toHaveProperty('problems');
    await set(id, 'status', 'LIVE');
    await publishes(id, 'CREATED global', 'CHANGED contest:#', 'CHANGED global', 'CHANGED global');
    expect(await dataOf(id, 'CONTEST_CHANGED')).toMatchObject({ changed: ['status'], problems: [7, 9] });
  });

  test('removes a contest that becomes private from the list, and what follows goes to its participants alone', async () => {
    await started();
    const id = await contest();
    await publishes(id, 'CREATED global');
    await set(id, 'is_public', 0);
    await publishes(id, 'CREATED global', 'CHANGED contest:#', 'UNLISTED global');
    await set(id, 'title', 'Secret');
    await publishes(id, 'CREATED global', 'CHANGED contest:#', 'UNLISTED global', 'CHANGED contest:#');
  });

  test('removes a deleted contest from the list', async () => {
    await started();
    const id = await contest();
    await publishes(id, 'CREATED global');
    await database.execute('DELETE FROM contest WHERE id = ?', [id]);
    await publishes(id, 'CREATED global', 'UNLISTED global');
  });

  test('publishes the number of participants, and of several contests at once', async () => {
    await started();
    const ids = [await contest(), await contest({ isPublic: false })] as const;
    await publishes(ids[0], 'CREATED global');
    await pass();
    await database.execute('UPDATE contest SET participant_count = 5 WHERE id IN (?)', [[...ids]]);
    const counts = () => Promise.all(ids.map(publishedWithCounts));
    await expect
      .poll(counts, { interval: 20 })
      .toEqual([['CREATED global', 'COUNTS contest:#', 'COUNTS global'], ['COUNTS contest:#']]);
  });

  test('publishes the number of participants once an interval at most, however many join, and the last one', async () => {
    const nearMs = 300;
    const node = openListingNode(database, { nearMs, allMs: 60_000 });
    nodes.push(node);
    const id = await contest();
    node.start();
    const counted = async () =>
      (await wholeLog(database)).filter(
        (row) => row.type === 'CONTEST_COUNTS' && row.scope === `contest:${id}`,
      );
    await publishes(id, 'CREATED global');
    let joined = 0;
    while ((await counted()).length < 3) await set(id, 'participant_count', ++joined);
    const last = (await counted()).at(-1);
    await set(id, 'participant_count', ++joined);
    await until(async () => (await counted()).at(-1)?.id !== last?.id);
    const rows = await counted();
    expect(JSON.parse(rows.at(-1)?.data ?? '').contests).toEqual([
      { contestId: id, participantCount: joined },
    ]);
    const apart = rows.slice(1).map((row, index) => row.at - (rows[index]?.at ?? 0));
    // A timer may end a moment early.
    expect(apart.filter((ms) => ms < nearMs - 5)).toEqual([]);
    expect(joined).toBeGreaterThan(rows.length);
  });

  test('publishes the results when the platform has written the winners, with final ranks', async () => {
    await started();
    const { id, winner } = await finished('Final');
    await publishes(id, 'CREATED global', 'RESULTS contest:#');
    expect(await dataOf(id, 'CONTEST_RESULTS')).toMatchObject({
      contestTitle: 'Final',
      ranked: 2,
      winners: [{ playerId: winner, rank: 1 }],
      top: [{ playerId: winner, rank: 1 }, { rank: 2 }],
    });
  });

  test('publishes the results of a frozen contest once its leaderboard is shown', async () => {
    await started();
    const { id } = await finished('Frozen', true);
    await pass();
    expect(await published(id)).toEqual(['CREATED global']);
    await setFrozen(database, id, false);
    await publishes(id, 'CREATED global', 'RESULTS contest:#');
  });

  test('publishes every change once, whichever of two nodes finds it', async () => {
    await started();
    await started();
    const id = await contest();
    await publishes(id, 'CREATED global');
    const expected = ['CREATED global'];
    for (const title of ['One', 'Two', 'Three']) {
      await set(id, 'title', title);
      expected.push('CHANGED contest:#', 'CHANGED global');
      await publishes(id, ...expected);
    }
    await pass();
    expect(await published(id)).toEqual(expected);
  });

  /** An ended contest whose ranks and winners the platform has written. */
  async function finished(title: string, frozen = false) {
    const id = await contest({ title });
    await publishes(id, 'CREATED global');
    const [{ playerId: winner }, { playerId: second }] = [
      await createPlayer(database),
      await createPlayer(database),
    ];
    const first = await joinContest(database, { contestId: id, playerId: winner });
    await joinContest(database, { contestId: id, playerId: second });
    if (frozen) await setFrozen(database, id, true);
    // As the platform writes: status, then ranks, then winners. Nothing else of it is compared here.
    await database.execute(
      "INSERT INTO contest_announced (contest_id, status, announced_at) VALUES (?, 'UPCOMING', UTC_TIMESTAMP())",
      [id],
    );
    await set(id, 'status', 'ENDED');
    await database.execute(
      'UPDATE contest_participant SET final_rank = IF(player_id = ?, 1, 2) WHERE contest_id = ?',
      [winner, id],
    );
    await set(id, 'winner_ids', JSON.stringify([first]));
    return { id, winner };
  }
});
