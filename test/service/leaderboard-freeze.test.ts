import { beforeAll, describe, expect, it } from 'vitest';
import { LeaderboardClient } from '../support/client/leaderboard-client.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createUser,
  joinContest,
  type PlayerIds,
  setFrozen,
  setScore,
} from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { clientOf, FAST, getLeaderboard, readPage } from '../support/wire/leaderboard-http.ts';

describe('Frozen leaderboards', () => {
  const live = prepareService(FAST);
  let problemId: number;
  let adminToken: string;
  let solver: PlayerIds;
  let rival: PlayerIds;
  let creator: PlayerIds;
  beforeAll(async () => {
    const { database } = live.test;
    problemId = await createProblem(database);
    adminToken = await live.token(await createUser(database, { role: 'ADMIN' }));
    [solver, rival, creator] = (await Promise.all([1, 2, 3].map(() => createPlayer(database)))) as [
      PlayerIds,
      PlayerIds,
      PlayerIds,
    ];
  });

  async function contestWithScores({ frozen = false } = {}): Promise<number> {
    const contestId = await createContest(live.test.database, { createdBy: creator.userId, frozen });
    await joinContest(live.test.database, { contestId, playerId: solver.playerId, finalRating: 10 });
    await joinContest(live.test.database, { contestId, playerId: rival.playerId, finalRating: 20 });
    return contestId;
  }

  const listener = async (path: string, userId: number) =>
    new LeaderboardClient(live.url + path, await live.token(userId));

  it('leak nowhere what happens meanwhile: not over REST, live, in replays, as ranks, on the contest or the problem', async () => {
    const { database } = live.test;
    const contestId = await contestWithScores();
    const everywhere = `/streams?scope=contest:${contestId}&scope=contest:${contestId}:leaderboard&scope=problem:${problemId}&scope=global`;
    const outside = await Promise.all(
      [rival, creator].map(async ({ userId }) => {
        const client = await listener(`${everywhere}&scope=player:me`, userId);
        await client.connect();
        return client;
      }),
    );
    const own = await listener('/streams/players/me', solver.userId);
    const admin = clientOf(live, contestId, adminToken);
    await Promise.all([own.connect(), admin.connect()]);
    const tokens = await Promise.all([solver, rival, creator].map(({ userId }) => live.token(userId)));
    const before = await readPage(live, contestId, tokens[0] as string);

    await setFrozen(database, contestId, true);
    await until(() => [...outside, admin].every(({ frozen }) => frozen));
    expect(outside[0]?.received.filter(({ event }) => event === 'leaderboard-freeze')).toHaveLength(2);

    const marks = ['98765', 'Secretly solved'];
    await setScore(database, contestId, solver.playerId, 98765);
    const solved = { playerId: solver.playerId, problemId, problemTitle: 'Secretly solved', contestId };
    const announced = [
      { type: 'PROBLEM_SOLVED', data: solved },
      { type: 'RANK_CHANGE', data: { playerId: solver.playerId, contestId, oldRank: 2, newRank: 98765 } },
      {
        type: 'CONTEST_END',
        data: { contestId, winners: [{ playerId: solver.playerId, playerName: 'Secretly solved', rank: 1 }] },
      },
    ];
    for (const event of announced) expect((await live.publish(event)).status).toBe(201);
    await live.service.publisher.publish({ type: 'PROBLEM_SOLVED', data: solved });
    await database.query('CALL live_publish(?, ?, NULL)', ['PROBLEM_SOLVED', JSON.stringify(solved)]);

    // Who may see it does: the admin all of it, the solver what was solved, and no rank.
    await until(
      () =>
        admin.of('problem-solved').length === 3 && admin.leaderboard?.rows.get(solver.playerId)?.rank === 1,
    );
    await until(() => own.of('problem-solved').length === 3);
    expect(own.of('rank-change')).toEqual([]);
    expect((await readPage(live, contestId, adminToken)).rows[0]?.finalRating).toBe(98765);

    // The rest receive that the contest is over, which was published after it, and nothing else.
    await until(() => outside.every((client) => client.of('contest-end').length === 1));
    const afresh = await listener(`${everywhere}&lastEventId=earliest`, rival.userId);
    await afresh.connect();
    for (const client of [...outside, afresh])
      for (const mark of marks) expect(client.text).not.toContain(mark);
    for (const token of tokens) {
      const { cursor: _, frozen, ...leaderboard } = await readPage(live, contestId, token);
      expect({ ...leaderboard, frozen }).toEqual({
        version: before.version,
        total: 2,
        offset: 0,
        rows: before.rows,
        frozen: true,
        contestId,
      });
    }
    const activity = await fetch(`${live.url}/players/me/activity`, {
      headers: { authorization: `Bearer ${tokens[0]}` },
    });
    expect(await activity.text()).not.toContain('98765');

    // Once it is over everybody sees where it led.
    await setFrozen(database, contestId, false);
    await until(() =>
      outside.every(({ leaderboard }) => leaderboard?.rows.get(solver.playerId)?.finalRating === 98765),
    );
    expect(outside.map(({ missed, frozen }) => [missed, frozen])).toEqual([
      [0, false],
      [0, false],
    ]);
    await until(() => own.of('rank-change').length === 1);
    expect(own.of('rank-change')[0]).toMatchObject({ oldRank: 2, newRank: 1 });
    expect(admin.rows).toEqual(outside[0]?.rows);
  });

  it('of which nothing was known before show no result, until they are unfrozen', async () => {
    const contestId = await contestWithScores({ frozen: true });
    const token = await live.token(rival.userId);
    // Players who were seen to join later have a row without a result.
    const results = async () => {
      const { frozen, rows } = await readPage(live, contestId, token);
      return { frozen, rated: rows.filter(({ finalRating }) => finalRating !== 0) };
    };
    expect(await results()).toEqual({ frozen: true, rated: [] });
    await until(async () => (await readPage(live, contestId, adminToken)).total === 2);
    expect(await results()).toEqual({ frozen: true, rated: [] });
    const client = clientOf(live, contestId, token);
    await client.connect();
    expect(client.rows.filter(({ finalRating }) => finalRating !== 0)).toEqual([]);
    await setFrozen(live.test.database, contestId, false);
    await until(() => client.rows.filter(({ finalRating }) => finalRating !== 0).length === 2);
    expect(client.missed).toBe(0);
  });

  it('have real ones that only an admin may listen to', async () => {
    const contestId = await contestWithScores();
    const ask = (token: string) =>
      fetch(`${live.url}/streams?scope=contest:${contestId}:leaderboard:real`, {
        headers: { authorization: `Bearer ${token}` },
        method: 'HEAD',
      });
    for (const { userId } of [solver, creator])
      expect((await ask(await live.token(userId))).status).toBe(404);
    expect((await ask(adminToken)).status).toBe(200);
  });

  it('that turn to and fro carry everybody along, whatever was shown when', async () => {
    const { database } = live.test;
    const contestId = await contestWithScores();
    const client = clientOf(live, contestId, await live.token(rival.userId));
    const admin = clientOf(live, contestId, adminToken);
    await Promise.all([client.connect(), admin.connect()]);
    for (let round = 1; round <= 5; round++) {
      await setFrozen(database, contestId, true);
      await until(() => client.frozen && admin.frozen);
      const shown = JSON.stringify(client.rows);
      await setScore(database, contestId, solver.playerId, 100 * round);
      await until(() => admin.leaderboard?.rows.get(solver.playerId)?.finalRating === 100 * round);
      // To what it was, and on: a client that missed the middle must not be left with it.
      await setScore(database, contestId, solver.playerId, 100 * round + 1);
      await until(() => admin.leaderboard?.rows.get(solver.playerId)?.finalRating === 100 * round + 1);
      expect(JSON.stringify(client.rows)).toBe(shown);
      await setFrozen(database, contestId, false);
      await until(() => !client.frozen && JSON.stringify(client.rows) === JSON.stringify(admin.rows));
    }
    expect(client.missed + admin.missed).toBe(0);
  });

  it('are frozen whatever type the platform gives the flag', async () => {
    const { database } = live.test;
    await database.execute('ALTER TABLE contest MODIFY leaderboard_frozen BIT(1) NOT NULL DEFAULT 0');
    const contestId = await contestWithScores();
    const token = await live.token(rival.userId);
    const { rows } = await readPage(live, contestId, token);
    await setFrozen(database, contestId, true);
    await until(async () => (await readPage(live, contestId, token)).frozen);
    await setScore(database, contestId, solver.playerId, 300);
    await until(async () => (await readPage(live, contestId, adminToken)).rows[0]?.finalRating === 300);
    expect((await readPage(live, contestId, token)).rows).toEqual(rows);
    await database.execute('ALTER TABLE contest MODIFY leaderboard_frozen BOOLEAN NOT NULL DEFAULT FALSE');
  });

  it('change their ETag when they are frozen, though the rows are the same', async () => {
    const contestId = await contestWithScores();
    const token = await live.token(rival.userId);
    const etag = (await getLeaderboard(live, contestId, token)).headers.get('etag') ?? '';
    await setFrozen(live.test.database, contestId, true);
    await until(async () => (await readPage(live, contestId, token)).frozen);
    expect((await getLeaderboard(live, contestId, token, '', { 'if-none-match': etag })).status).toBe(200);
  });
});
