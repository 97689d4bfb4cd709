import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import {
  applyCells,
  type CellsDelta,
  type CellsSnapshot,
  type CellsState,
} from '../../src/protocol/cells.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createSubmission,
  createUser,
  judge,
  type PlayerIds,
  setFrozen,
} from '../support/database/platform.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';
import { readStream } from '../support/wire/raw-stream.ts';

describe('The cells of a leaderboard', () => {
  let live: TestService;
  let database: Database;
  let adminToken: string;
  let problems: [number, number];
  let ada: PlayerIds;
  let bob: PlayerIds;
  const closers: (() => void)[] = [];

  beforeAll(async () => {
    live = await startService(FAST);
    database = live.test.database;
    adminToken = await live.token(await createUser(database, { role: 'ADMIN' }));
    problems = [await createProblem(database), await createProblem(database)];
    ada = await createPlayer(database);
    bob = await createPlayer(database);
  });
  afterAll(async () => {
    for (const close of closers) close();
    await live.close();
  });

  const contest = () => createContest(database, { problems, startedMinutesAgo: 30, players: [ada, bob] });

  const submit = (
    contestId: number,
    { playerId }: PlayerIds,
    problemId: number,
    verdict: string,
    minutesAgo = 0,
  ): Promise<number> => createSubmission(database, { contestId, playerId, problemId, verdict, minutesAgo });

  async function page(contestId: number, token: string) {
    const response = await fetch(`${live.url}/contests/${contestId}/leaderboard?cells=1`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    return (await response.json()) as {
      cellsVersion: number;
      problems: number[];
      rows: { playerId: number; cells: object[] }[];
    };
  }
  const cellsOn = async (contestId: number, player: PlayerIds, token: string) =>
    (await page(contestId, token)).rows.find(({ playerId }) => playerId === player.playerId)?.cells;
  const shows = (contestId: number, player: PlayerIds, token: string, cells: object[]) =>
    expect.poll(() => cellsOn(contestId, player, token), { interval: 50 }).toEqual(cells);

  /** A reader of a stream, who applies deltas to the snapshot as a client would. */
  async function follow(contestId: number, token: string) {
    const stream = await readStream(`${live.url}/streams/contests/${contestId}/leaderboard?cells=1`, {
      authorization: `Bearer ${token}`,
    });
    closers.push(() => stream.close());
    let state: CellsState | undefined;
    let broken = false;
    let seen = 0;
    const read = () => {
      for (const { event, data } of stream.events.slice(seen)) {
        seen++;
        if (event === 'cells-snapshot') {
          const { version, problems, rows } = JSON.parse(data) as CellsSnapshot;
          state = { version, problems, rows: new Map(rows.map((row) => [row.playerId, row])) };
        } else if (event === 'cells-update' && state) {
          state = applyCells(state, JSON.parse(data).data as CellsDelta);
          broken ||= state === undefined;
        }
      }
      return state;
    };
    return {
      cells: (player: PlayerIds) => read()?.rows.get(player.playerId)?.cells,
      ready: () => until(() => read() !== undefined),
      get broken() {
        return broken;
      },
    };
  }

  test('follow submissions, verdicts and rejudgements, over REST and on the stream alike', async () => {
    const contestId = await contest();
    const token = await live.token(bob.userId);
    const stream = await follow(contestId, token);
    await stream.ready();
    const [problemId] = problems;
    await submit(contestId, ada, problemId, 'WRONG_ANSWER', 20);
    const second = await submit(contestId, ada, problemId, 'PENDING', 10);
    const pending = [{ problemId, attempts: 1, pending: 1 }];
    await shows(contestId, ada, token, pending);
    await expect.poll(() => stream.cells(ada)).toEqual(pending);
    await judge(database, second, 'ACCEPTED');
    await expect
      .poll(() => stream.cells(ada))
      .toEqual([{ problemId, attempts: 2, solvedAt: 20, first: true }]);
    await submit(contestId, bob, problemId, 'ACCEPTED', 5);
    await expect
      .poll(() => stream.cells(bob))
      .toEqual([{ problemId, attempts: 1, solvedAt: 25, points: 100 }]);
    await judge(database, second, 'WRONG_ANSWER');
    await expect
      .poll(() => [stream.cells(ada), stream.cells(bob)])
      .toEqual([
        [{ problemId, attempts: 2 }],
        [{ problemId, attempts: 1, solvedAt: 25, points: 100, first: true }],
      ]);
    expect((await page(contestId, token)).problems).toEqual(problems);
    expect(stream.broken).toBe(false);
  });

  test('show what comes after a freeze as pending to players, and really to admins, until it is over', async () => {
    const contestId = await contest();
    const token = await live.token(bob.userId);
    const [problemId, other] = problems;
    await submit(contestId, ada, problemId, 'WRONG_ANSWER', 20);
    const before = await submit(contestId, ada, other, 'PENDING', 15);
    const [players, admins] = [await follow(contestId, token), await follow(contestId, adminToken)];
    await Promise.all([players.ready(), admins.ready()]);
    await setFrozen(database, contestId, true);
    // Without triggers, the freeze begins when a poll finds it.
    const isRecorded = async () =>
      (await database.query('SELECT 1 FROM contest_freeze WHERE contest_id = ?', [contestId])).length === 1;
    await until(isRecorded);
    await submit(contestId, ada, problemId, 'ACCEPTED');
    await judge(database, before, 'ACCEPTED');
    const solvedBefore = { problemId: other, attempts: 1, solvedAt: 15, first: true };
    const hidden = [{ problemId, attempts: 1, pending: 1 }, solvedBefore];
    const real = [{ problemId, attempts: 2, solvedAt: 30, points: 100, first: true }, solvedBefore];
    await expect.poll(() => admins.cells(ada)).toEqual(real);
    await expect.poll(() => players.cells(ada)).toEqual(hidden);
    expect(await cellsOn(contestId, ada, token)).toEqual(hidden);
    expect(await cellsOn(contestId, ada, adminToken)).toEqual(real);
    await setFrozen(database, contestId, false);
    await expect.poll(() => players.cells(ada)).toEqual(real);
    expect([players.broken, admins.broken]).toEqual([false, false]);
  });

  test('are deleted with their contest', async () => {
    const contestId = await contest();
    await page(contestId, adminToken);
    await database.execute('DELETE FROM contest_participant WHERE contest_id = ?', [contestId]);
    await database.execute('DELETE FROM contest WHERE id = ?', [contestId]);
    const left = () => database.query('SELECT 1 FROM cells_head WHERE contest_id = ?', [contestId]);
    await expect.poll(left).toEqual([]);
  });
});
