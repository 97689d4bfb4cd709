import { beforeAll, describe, expect, it } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { LeaderboardClient } from '../support/client/leaderboard-client.ts';
import { createTestDatabase } from '../support/database/database.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createSubmission,
  createUser,
  joinContest,
  judge,
  type PlayerIds,
  setFrozen,
} from '../support/database/platform.ts';
import { prepareService, startServiceOn } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';

interface GlobalRow {
  readonly playerId: number;
  readonly rank: number;
  readonly xp: number;
  readonly level: number;
  readonly tier: string;
}

describe.each([true, false])('XP of participants of a frozen contest, with triggers: %s', (triggers) => {
  const live = prepareService({ ...FAST, GLOBAL_LEADERBOARD_INTERVAL_MS: '50' });
  let problemId: number;
  let adminToken: string;
  let solver: PlayerIds;
  let outsider: PlayerIds;
  beforeAll(async () => {
    const { database } = live.test;
    if (triggers) await installTriggers(database);
    problemId = await createProblem(database);
    adminToken = await live.token(await createUser(database, { role: 'ADMIN' }));
    solver = await createPlayer(database, { name: 'Solver', xp: 250, level: 1 });
    outsider = await createPlayer(database, { name: 'Outsider', xp: 900, level: 2 });
  });

  const client = async (path: string, token: string) => {
    const opened = new LeaderboardClient(live.url + path, token);
    await opened.connect();
    return opened;
  };

  const globalRows = async (token: string, query = ''): Promise<GlobalRow[]> => {
    const response = await fetch(`${live.url}/leaderboard?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return ((await response.json()) as { rows: GlobalRow[] }).rows;
  };

  /** An accepted submission as the platform writes it, statement by statement. */
  async function solve(contestId: number, xp: number, level: number): Promise<void> {
    const { database } = live.test;
    const submitted = { contestId, playerId: solver.playerId, problemId };
    await judge(database, await createSubmission(database, submitted), 'ACCEPTED');
    await database.execute('UPDATE player SET xp = ? WHERE id = ?', [xp, solver.playerId]);
    await database.execute(
      "UPDATE player SET level = ?, tier = 'SILVER', sub_rank = 'Silver I' WHERE id = ?",
      [level, solver.playerId],
    );
    await database.execute(
      'UPDATE contest_participant SET final_rating = final_rating + 100, problems_solved = 1 WHERE contest_id = ? AND player_id = ?',
      [contestId, solver.playerId],
    );
    if (triggers) return;
    await live.publish({ type: 'PROBLEM_SOLVED', data: { playerId: solver.playerId, problemId, contestId } });
    await live.publish({
      type: 'LEVEL_UP',
      data: { playerId: solver.playerId, oldLevel: 1, newLevel: level },
    });
    await live.publish({
      type: 'TIER_UPGRADE',
      data: { playerId: solver.playerId, oldTier: 'BRONZE', newTier: 'SILVER' },
    });
  }

  it('stands as at the freeze for everybody else, and is published in full afterwards', async () => {
    const { database } = live.test;
    const contestId = await createContest(database);
    await joinContest(database, { contestId, playerId: solver.playerId });
    const token = await live.token(outsider.userId);
    const scopes = `scope=global&scope=contest:${contestId}&scope=problem:${problemId}&scope=contest:${contestId}:leaderboard`;
    const [outside, own, admin] = await Promise.all([
      client(`/streams?${scopes}`, token),
      client('/streams/players/me', await live.token(solver.userId)),
      client(`/streams/contests/${contestId}`, adminToken),
    ]);
    await setFrozen(database, contestId, true);
    await until(() => outside.frozen);
    const before = await globalRows(token);

    await solve(contestId, 5000, 9);
    await until(() => own.of('problem-solved').length === 1 && own.of('tier-upgrade').length === 1);
    await until(() => admin.of('problem-solved').length === 1);
    await until(async () => (await globalRows(adminToken))[0]?.xp === 5000);
    expect(await globalRows(token)).toEqual(before);
    expect(await globalRows(token, 'limit=1&offset=1')).toEqual(before.slice(1, 2));

    const marker = { type: 'ANNOUNCEMENT', data: { title: 'The end', message: 'of it' } };
    expect((await live.publish(marker)).status).toBe(201);
    await until(() => outside.of('announcement').length === 1);
    const afresh = await client(`/streams?${scopes}&lastEventId=earliest`, token);
    await until(() => afresh.of('announcement').length === 1);
    for (const listener of [outside, afresh]) {
      for (const type of ['problem-solved', 'level-up', 'tier-upgrade'])
        expect(listener.of(type)).toEqual([]);
      for (const { top } of listener.of('global-leaderboard') as unknown as { top: GlobalRow[] }[])
        expect(top.find(({ playerId }) => playerId === solver.playerId)?.xp ?? 250).toBe(250);
      expect(listener.text).not.toContain('SILVER');
    }

    await setFrozen(database, contestId, false);
    await until(() => outside.of('problem-solved').length === 2);
    await until(() => outside.of('level-up').length === 1 && outside.of('tier-upgrade').length === 1);
    await until(async () => (await globalRows(token))[0]?.xp === 5000);
    expect(own.of('problem-solved')).toHaveLength(1);
    expect(own.of('level-up')).toHaveLength(1);
    expect(await database.query('SELECT * FROM deferred_event')).toEqual([]);
  });
});

it('What a freeze deferred is published by a service that starts after the freeze, to others and to the player', async () => {
  const made = await createTestDatabase();
  const { database } = made;
  // Longer than the service runs: what is paced waits, too.
  const settings = { ...FAST, FREEZE_APPEND_INTERVAL_MS: '600000' };
  const first = await startServiceOn({ ...made, drop: async () => {} }, settings);
  const [solver, outsider] = [await createPlayer(database), await createPlayer(database)];
  const contestId = await createContest(database, { frozen: true });
  await joinContest(database, { contestId, playerId: solver.playerId });
  await until(async () => (await database.query('SELECT 1 FROM contest_freeze WHERE frozen')).length === 1);
  const advanced = { type: 'LEVEL_UP', data: { playerId: solver.playerId, oldLevel: 1, newLevel: 2 } };
  expect((await first.publish(advanced)).status).toBe(201);
  expect(await database.query('SELECT contest_id FROM deferred_event ORDER BY contest_id')).toHaveLength(2);
  await first.close();

  await setFrozen(database, contestId, false);
  const second = await startServiceOn(made, FAST);
  try {
    for (const [userId, path] of [
      [outsider.userId, '/streams/global?lastEventId=earliest'],
      [solver.userId, '/streams/players/me?lastEventId=earliest'],
    ] as const) {
      const client = new LeaderboardClient(second.url + path, await second.token(userId));
      await client.connect();
      await until(() => client.of('level-up').length === 1);
    }
    expect(await database.query('SELECT * FROM deferred_event')).toEqual([]);
  } finally {
    await second.close();
  }
});
