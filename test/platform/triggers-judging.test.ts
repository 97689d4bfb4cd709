import { expect, test } from 'vitest';
import { createContest, createPlayer, createProblem } from '../support/database/platform.ts';
import { takeOutbox } from '../support/database/platform-session.ts';
import type { Cast } from '../support/database/platform-statements.ts';
import { prepareTriggers } from './fixture.ts';

const { database, platform } = prepareTriggers();

async function cast(): Promise<Cast> {
  const { playerId } = await createPlayer(database, { name: 'Ada' });
  const problemId = await createProblem(database, { title: 'Two Sum' });
  const contestId = await createContest(database, { title: 'Weekly 7' });
  await database.execute('DELETE FROM event_outbox');
  return { playerId, problemId, contestId };
}

async function submit({ playerId, problemId, contestId }: Cast, verdict = 'PENDING'): Promise<number> {
  const { insertId, warningStatus } = await platform.run(
    "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, ?, ?, 'cpp', ?)",
    [playerId, problemId, contestId, verdict],
  );
  expect(warningStatus).toBe(0);
  return insertId;
}

async function judge(submissionId: number, verdict: string, points = 0): Promise<void> {
  const { warningStatus } = await platform.run(
    'UPDATE submission SET verdict = ?, points_earned = ? WHERE id = ?',
    [verdict, points, submissionId],
  );
  expect(warningStatus).toBe(0);
}

const aboutOf = ({ playerId, problemId, contestId }: Cast) => ({
  playerId,
  playerName: 'Ada',
  problemId,
  problemTitle: 'Two Sum',
  contestId,
  contestTitle: 'Weekly 7',
});
const published = () => takeOutbox(database);
const types = async () => (await published()).map(({ type }) => type);

test('A submission is received, judged, and judged again', async () => {
  const people = await cast();
  const submissionId = await submit(people);
  await judge(submissionId, 'WRONG_ANSWER');
  await judge(submissionId, 'ACCEPTED', 200);
  const submission = { ...aboutOf(people), submissionId };
  const key = `problem-solved:${people.playerId}:${people.problemId}:${people.contestId}`;
  expect(await published()).toEqual([
    {
      type: 'SUBMISSION_RECEIVED',
      data: submission,
      key: `submission-received:${submissionId}`,
    },
    {
      type: 'SUBMISSION_JUDGED',
      data: { ...submission, verdict: 'WRONG_ANSWER', points: 0 },
      key: `submission-judged:${submissionId}`,
    },
    {
      type: 'SUBMISSION_REJUDGED',
      data: { ...submission, oldVerdict: 'WRONG_ANSWER', verdict: 'ACCEPTED', points: 200 },
      key: expect.stringMatching(new RegExp(`^submission-rejudged:${submissionId}:\\d{13}$`)),
    },
    {
      type: 'PROBLEM_SOLVED',
      data: { ...aboutOf(people), points: 200, difficulty: 'EASY', first: true },
      key,
    },
  ]);
});

test('A solve is taken back with its last accepted submission, and only then', async () => {
  const people = await cast();
  const one = await submit(people, 'ACCEPTED');
  const other = await submit(people, 'ACCEPTED');
  await published();
  await judge(one, 'WRONG_ANSWER');
  expect(await types()).toEqual(['SUBMISSION_REJUDGED']);
  await judge(other, 'TIME_LIMIT_EXCEEDED');
  const [, retracted, ...rest] = await published();
  expect(retracted).toEqual({
    type: 'SOLVE_RETRACTED',
    data: { ...aboutOf(people), verdict: 'TIME_LIMIT_EXCEEDED' },
    key: expect.stringMatching(new RegExp(`^solve-retracted:${other}:\\d{13}$`)),
  });
  expect(rest).toEqual([]);
  await judge(one, 'ACCEPTED');
  expect(await types()).toEqual(['SUBMISSION_REJUDGED', 'PROBLEM_SOLVED']);
});

test('A submission that is judged anew is pending in between', async () => {
  const people = await cast();
  const submissionId = await submit(people, 'ACCEPTED');
  await published();
  await judge(submissionId, 'PENDING');
  await judge(submissionId, 'ACCEPTED');
  expect((await published()).map(({ type, data }) => [type, data.verdict])).toEqual([
    ['SUBMISSION_REJUDGED', 'PENDING'],
    ['SOLVE_RETRACTED', 'PENDING'],
    ['SUBMISSION_JUDGED', 'ACCEPTED'],
    ['PROBLEM_SOLVED', undefined],
  ]);
});

test('The first to solve a problem of a contest is so named, and no other', async () => {
  const people = await cast();
  const { playerId: other } = await createPlayer(database);
  const first = async (who: Cast) => {
    await submit(who, 'ACCEPTED');
    return (await published()).flatMap(({ type, data }) => (type === 'PROBLEM_SOLVED' ? [data.first] : []));
  };
  expect(await first({ ...people, playerId: other })).toEqual([true]);
  expect(await first(people)).toEqual([false]);
  const second = await createContest(database);
  expect(await first({ ...people, contestId: second })).toEqual([true]);
  expect(await first({ ...people, contestId: null as unknown as number })).toEqual([undefined]);
});

test('XP is published with its source, and says whether its contest is frozen', async () => {
  const people = await cast();
  const { contestId, playerId } = people;
  const gain = async (source: string, xp: number) => {
    const { insertId, warningStatus } = await platform.run(
      'INSERT INTO xp_ledger (player_id, contest_id, source, final_xp) VALUES (?, ?, ?, ?)',
      [playerId, contestId, source, xp],
    );
    expect(warningStatus).toBe(0);
    return insertId;
  };
  const ledgerId = await gain('JOIN', 25);
  await gain('NOTHING', 0);
  expect(await published()).toEqual([
    {
      type: 'XP_GAINED',
      data: {
        playerId,
        playerName: 'Ada',
        xp: 25,
        source: 'JOIN',
        ledgerId,
        contestId,
        contestTitle: 'Weekly 7',
      },
      key: `xp-gained:${ledgerId}`,
    },
  ]);
  const inFreeze = async () => {
    await gain('SUBMISSION', 10);
    const [row] = await database.query<{ frozen: number }>('SELECT frozen FROM event_outbox');
    await database.execute('DELETE FROM event_outbox');
    return Number(row?.frozen) === 1;
  };
  expect(await inFreeze()).toBe(false);
  await database.execute('UPDATE contest SET leaderboard_frozen = 1 WHERE id = ?', [contestId]);
  await database.execute('DELETE FROM event_outbox');
  expect(await inFreeze()).toBe(true);
});
