import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createContest,
  createPlayer,
  createProblem,
  createSubmission,
  createUser,
  type PlayerIds,
  setScore,
} from '../support/database/platform.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';
import { note, prepareService } from '../support/service.ts';
import { clientOf, FAST, readPage } from '../support/wire/leaderboard-http.ts';
import { listen } from '../support/wire/listener.ts';

describe('A player whose row the platform deletes', () => {
  const live = prepareService({ ...FAST, PRESENCE_INTERVAL_MS: '50', PRESENCE_GRACE_MS: '100' });

  it.each([
    ['with its results', 1],
    ['alone, where the tables have no foreign keys', 0],
  ])(
    '%s leaves leaderboards, cells and presence; its streams close, and those of others go on',
    {
      timeout: 60_000,
    },
    async (_, foreignKeys) => {
      const { database } = live.test;
      const admin = await live.token(await createUser(database, { role: 'ADMIN' }));
      const [ada, bob, cleo] = [
        await createPlayer(database, { name: 'Ada' }),
        await createPlayer(database, { name: 'Bob' }),
        await createPlayer(database, { name: 'Cleo' }),
      ];
      const problemId = await createProblem(database);
      const contestId = await createContest(database, { problems: [problemId], players: [ada, bob, cleo] });
      for (const [index, { playerId }] of [ada, bob, cleo].entries()) {
        await setScore(database, contestId, playerId, 300 - index * 100);
        await createSubmission(database, { contestId, playerId, problemId, verdict: 'ACCEPTED' });
      }
      const token = await live.token(bob.userId);
      const leaderboard = clientOf(live, contestId, token);
      await leaderboard.connect();
      onTestFinished(() => leaderboard.disconnect());
      const open = async ({ userId }: PlayerIds) => {
        const listener = listen(
          `${live.url}/streams?scope=player:me&scope=contest:${contestId}&scope=global`,
          await live.token(userId),
        );
        onTestFinished(() => listener.close());
        await listener.ready();
        return listener;
      };
      const [adas, bobs] = [await open(ada), await open(bob)];
      const ranking = () => leaderboard.rows.map(({ playerId, rank }) => [playerId, rank]);
      await expect.poll(ranking).toEqual([
        [ada.playerId, 1],
        [bob.playerId, 2],
        [cleo.playerId, 3],
      ]);
      const get = async (path: string, bearer: string) => {
        const response = await fetch(live.url + path, { headers: { authorization: `Bearer ${bearer}` } });
        return { status: response.status, body: await response.json() };
      };
      const online = async () => (await get('/players/online', admin)).body;
      await expect.poll(online).toMatchObject({ count: 2 });
      const cells = async () =>
        (await get(`/contests/${contestId}/leaderboard?cells=1`, token)).body.rows.map(
          (row: { playerId: number; cells: unknown[] }) => [row.playerId, row.cells.length],
        );
      await expect.poll(cells).toEqual([ada, bob, cleo].map(({ playerId }) => [playerId, 1]));

      const platform = await openPlatformSession(live.test.url);
      onTestFinished(() => platform.close());
      await platform.run(`SET SESSION foreign_key_checks = ${foreignKeys}`);
      await platform.run('DELETE FROM player WHERE id = ?', [ada.playerId]);

      await expect.poll(ranking).toEqual([
        [bob.playerId, 1],
        [cleo.playerId, 2],
      ]);
      expect((await readPage(live, contestId, token)).rows.map(({ playerId }) => playerId)).toEqual([
        bob.playerId,
        cleo.playerId,
      ]);
      await expect.poll(cells).toEqual([bob, cleo].map(({ playerId }) => [playerId, 1]));
      // An account without a player still listens to what is public, as any other does.
      await expect.poll(() => adas.closed).toBeGreaterThan(0);
      await expect
        .poll(online)
        .toMatchObject({ count: 1, players: [{ playerId: bob.playerId, playerName: 'Bob' }] });

      // What is published about it meanwhile, by services that do not know yet, changes nothing for others.
      expect((await live.publish(note(ada.playerId, 'late'))).status).toBe(201);
      const solved = { type: 'PROBLEM_SOLVED', data: { playerId: ada.playerId, problemId, contestId } };
      expect((await live.publish(solved)).status).toBe(201);
      expect((await live.publish(note(bob.playerId, 'next'))).status).toBe(201);
      await expect.poll(() => bobs.received.map(({ title }) => title)).toContain('next');
      expect(bobs.closed).toBe(0);
      const inbox = await get('/notifications', token);
      expect(inbox.status).toBe(200);
      expect(leaderboard.missed).toBe(0);
      const own = await get('/notifications', await live.token(ada.userId));
      expect(own.status).toBe(403);
    },
  );
});
