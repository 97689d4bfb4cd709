import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
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
import { prepareService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';
import { type RawStream, readStream } from '../support/wire/raw-stream.ts';

const TYPES =
  'SUBMISSION_RECEIVED,SUBMISSION_JUDGED,SUBMISSION_REJUDGED,PROBLEM_SOLVED,SOLVE_RETRACTED,XP_GAINED';

async function openStream(live: TestService, userId: number, scopes: readonly string[]): Promise<RawStream> {
  const query = scopes.map((scope) => `scope=${scope}`).join('&');
  const stream = await readStream(`${live.url}/streams?${query}&types=${TYPES}`, {
    authorization: `Bearer ${await live.token(userId)}`,
  });
  onTestFinished(() => stream.close());
  await until(() => stream.events.some(({ event }) => event === 'caught-up'));
  return stream;
}

const notificationsOf = (stream: RawStream) =>
  stream.events.flatMap(({ data }) => {
    const parsed = JSON.parse(data);
    return 'type' in parsed ? [parsed] : [];
  });
const typesOf = (stream: RawStream) => notificationsOf(stream).map(({ type }) => type);

describe('Judging', { timeout: 120_000 }, () => {
  const live = prepareService({ FREEZE_APPEND_INTERVAL_MS: '50' });
  let problemId: number;
  let solver: PlayerIds;
  let rival: PlayerIds;
  let admin: number;
  beforeAll(async () => {
    const { database } = live.test;
    await installTriggers(database);
    problemId = await createProblem(database);
    solver = await createPlayer(database);
    rival = await createPlayer(database);
    admin = await createUser(database, { role: 'ADMIN' });
  });

  const openContest = () => createContest(live.test.database, { players: [solver, rival] });

  const open = (userId: number, scopes: readonly string[]) => openStream(live, userId, scopes);
  const shows = (stream: RawStream, types: readonly string[]) =>
    until(() => {
      expect(typesOf(stream)).toEqual(types);
      return true;
    });

  const submit = (contestId: number) =>
    createSubmission(live.test.database, { contestId, playerId: solver.playerId, problemId });
  const judged = (submissionId: number, verdict: string) => judge(live.test.database, submissionId, verdict);

  it('is published to the player and to admins; a solve that is taken back to all who got it, and can be made again', async () => {
    const contestId = await openContest();
    const own = await open(solver.userId, ['player:me']);
    const other = await open(rival.userId, ['player:me', `contest:${contestId}`]);
    const third = await open(rival.userId, [`problem:${problemId}`]);
    const staff = await open(admin, [`contest:${contestId}`]);

    const submissionId = await submit(contestId);
    await judged(submissionId, 'ACCEPTED');
    const solved = ['SUBMISSION_RECEIVED', 'SUBMISSION_JUDGED', 'PROBLEM_SOLVED'];
    await shows(own, solved);
    await shows(staff, solved);
    await shows(other, ['PROBLEM_SOLVED']);
    expect(notificationsOf(other)[0].data.first).toBe(true);

    await judged(submissionId, 'WRONG_ANSWER');
    await shows(own, [...solved, 'SUBMISSION_REJUDGED', 'SOLVE_RETRACTED']);
    await shows(staff, [...solved, 'SUBMISSION_REJUDGED', 'SOLVE_RETRACTED']);
    await shows(other, ['PROBLEM_SOLVED', 'SOLVE_RETRACTED']);
    await shows(third, ['PROBLEM_SOLVED', 'SOLVE_RETRACTED']);
    const [, , solve, rejudged, retraction] = notificationsOf(own);
    expect(retraction.data.supersedes).toBe(solve.eventId);
    const response = await fetch(`${live.url}/notifications`, {
      headers: { authorization: `Bearer ${await live.token(solver.userId)}` },
    });
    const { items } = (await response.json()) as { items: { id: number; supersededBy?: number }[] };
    expect(items.map(({ id, supersededBy }) => [id, supersededBy])).toEqual([
      [retraction.id, undefined],
      [rejudged.id, undefined],
      [solve.id, retraction.id],
    ]);

    await judged(submissionId, 'ACCEPTED');
    await shows(other, ['PROBLEM_SOLVED', 'SOLVE_RETRACTED', 'PROBLEM_SOLVED']);
  });

  it('reaches its player alone, and admins, while the contest is frozen, and others when it no longer is', async () => {
    const contestId = await openContest();
    const { database } = live.test;
    const own = await open(solver.userId, ['player:me']);
    const other = await open(rival.userId, ['player:me', `contest:${contestId}`, `problem:${problemId}`]);
    const staff = await open(admin, [`contest:${contestId}`]);
    await setFrozen(database, contestId, true);
    const gain = (source: string) =>
      database.execute(
        'INSERT INTO xp_ledger (player_id, contest_id, source, final_xp) VALUES (?, ?, ?, 30)',
        [solver.playerId, contestId, source],
      );

    const submissionId = await submit(contestId);
    await judged(submissionId, 'ACCEPTED');
    await gain('SUBMISSION');
    const solved = ['SUBMISSION_RECEIVED', 'SUBMISSION_JUDGED', 'PROBLEM_SOLVED'];
    await shows(own, [...solved, 'XP_GAINED']);
    await shows(staff, solved);
    expect(notificationsOf(own)[2].data).not.toHaveProperty('first');

    await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    await gain('RANK_BONUS');
    await shows(staff, [...solved, 'XP_GAINED']);
    expect(typesOf(own)).toEqual([...solved, 'XP_GAINED']);
    expect(typesOf(other)).toEqual([]);

    await setFrozen(database, contestId, false);
    await shows(own, [...solved, 'XP_GAINED', 'XP_GAINED']);
    await until(() => typesOf(other).length === 2);
    expect(typesOf(other)).toEqual(['PROBLEM_SOLVED', 'PROBLEM_SOLVED']);
    expect(notificationsOf(other)[0].data.first).toBe(true);
  });
});

describe('Judging without triggers', { timeout: 120_000 }, () => {
  const live = prepareService(FAST);

  it('is on leaderboards and their cells, and is no event until it is published', async () => {
    const { database } = live.test;
    const problemId = await createProblem(database);
    const [solver, rival] = [await createPlayer(database), await createPlayer(database)];
    const admin = await createUser(database, { role: 'ADMIN' });
    const contestId = await createContest(database, {
      problems: [problemId],
      startedMinutesAgo: 30,
      players: [solver, rival],
    });
    const own = await openStream(live, solver.userId, ['player:me']);
    const other = await openStream(live, rival.userId, [`contest:${contestId}`]);
    const staff = await openStream(live, admin, [`contest:${contestId}`]);
    const authorization = `Bearer ${await live.token(rival.userId)}`;
    const cell = async () => {
      const response = await fetch(`${live.url}/contests/${contestId}/leaderboard?cells=1`, {
        headers: { authorization },
      });
      const { rows } = (await response.json()) as { rows: { playerId: number; cells: object[] }[] };
      return rows.find(({ playerId }) => playerId === solver.playerId)?.cells[0];
    };
    const shows = (expected: object) => expect.poll(cell, { interval: 50 }).toMatchObject(expected);
    const about = { contestId, playerId: solver.playerId, problemId };
    const submissionId = await createSubmission(database, { ...about, verdict: 'PENDING' });
    await shows({ problemId, pending: 1 });
    for (const [verdict, expected] of [
      ['WRONG_ANSWER', { attempts: 1 }],
      ['ACCEPTED', { solvedAt: expect.any(Number) }],
    ] as const) {
      await database.execute('UPDATE submission SET verdict = ? WHERE id = ?', [verdict, submissionId]);
      await shows(expected);
    }
    await database.execute(
      'INSERT INTO xp_ledger (player_id, contest_id, source, final_xp) VALUES (?, ?, ?, 30)',
      [solver.playerId, contestId, 'PROBLEM_SOLVE'],
    );

    const judged = { ...about, submissionId, verdict: 'ACCEPTED' };
    for (const [type, data] of [
      ['SUBMISSION_JUDGED', judged],
      ['PROBLEM_SOLVED', about],
      ['SUBMISSION_REJUDGED', { ...judged, oldVerdict: 'ACCEPTED', verdict: 'WRONG_ANSWER' }],
      ['SOLVE_RETRACTED', about],
    ] as const)
      expect((await live.publish([{ type, data }])).status).toBe(201);
    const all = ['SUBMISSION_JUDGED', 'PROBLEM_SOLVED', 'SUBMISSION_REJUDGED', 'SOLVE_RETRACTED'];
    await until(() => [own, staff].every((stream) => typesOf(stream).length >= all.length));
    // Nothing came before what was published, nor in between.
    expect([typesOf(own), typesOf(staff)]).toEqual([all, all]);
    await until(() => typesOf(other).length >= 2);
    expect(typesOf(other)).toEqual(['PROBLEM_SOLVED', 'SOLVE_RETRACTED']);
    const [, solve, , retraction] = notificationsOf(own);
    expect(retraction.data.supersedes).toBe(solve.eventId);
  });
});
