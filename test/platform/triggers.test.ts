import { describe, expect, test } from 'vitest';
import { createContest, createPlayer, createProblem, createUser } from '../support/database/platform.ts';
import { takeConsequences } from '../support/database/platform-session.ts';
import { type Cast, type Statement, statements } from '../support/database/platform-statements.ts';
import { prepareTriggers } from './fixture.ts';

const { database, platform } = prepareTriggers();

const published = () => takeConsequences(database);
const dirty = (contestId: number, playerId?: number) => ({
  type: 'STANDINGS_TOUCHED',
  data: playerId === undefined ? { contestId } : { contestId, playerId },
  key: null,
});

/** A player, a problem and a contest, of which nothing has been published. */
async function cast(player: { level?: number; xp?: number; tier?: 'BRONZE' | 'SILVER' } = {}): Promise<Cast> {
  const { playerId } = await createPlayer(database, { name: 'Ada', ...player });
  const problemId = await createProblem(database, { title: 'Two Sum' });
  const contestId = await createContest(database, { title: 'Weekly 7', status: 'UPCOMING' });
  await database.execute('DELETE FROM event_outbox');
  return { playerId, problemId, contestId };
}

async function run(steps: readonly Statement[]): Promise<number> {
  let insertId = 0;
  for (const [sql, values] of steps) {
    const result = await platform.run(sql, values);
    expect(result.warningStatus, sql).toBe(0);
    expect(result.affectedRows, sql).toBe(1);
    insertId ||= result.insertId;
  }
  return insertId;
}

describe('The platform’s writes are published:', () => {
  test('a player joins', async () => {
    const people = await cast();
    const participantId = await run(statements.join(people));
    const { contestId, playerId } = people;
    expect(await published()).toEqual([
      {
        type: 'CONTEST_JOINED',
        data: { contestId, contestTitle: 'Weekly 7', players: [{ playerId, playerName: 'Ada' }] },
        key: `contest-joined:${contestId}:${playerId}`,
      },
      dirty(contestId, playerId),
    ]);
    // The platform still gets the id of its own row.
    expect(await database.query('SELECT id FROM contest_participant WHERE id = ?', [participantId])).toEqual([
      { id: participantId },
    ]);
  });

  test('a submission is accepted, without a new level', async () => {
    const people = await cast();
    await run(statements.join(people));
    const submissionId = await run(statements.submit(people));
    await published();
    await run(
      statements.accept(people, submissionId, { xp: 50, level: 1, tier: 'BRONZE', subRank: 'Bronze I' }),
    );
    const { contestId, playerId, problemId } = people;
    expect(await published()).toEqual([
      {
        type: 'PROBLEM_SOLVED',
        data: {
          playerId,
          playerName: 'Ada',
          problemId,
          problemTitle: 'Two Sum',
          contestId,
          contestTitle: 'Weekly 7',
          points: 100,
          difficulty: 'EASY',
          first: true,
        },
        key: `problem-solved:${playerId}:${problemId}:${contestId}`,
      },
      dirty(contestId, playerId),
    ]);
  });

  test('a level and a tier are reached, between the solve and the score', async () => {
    const people = await cast({ level: 10, xp: 7500 });
    await run(statements.join(people));
    const submissionId = await run(statements.submit(people));
    await published();
    await run(
      statements.accept(people, submissionId, { xp: 150, level: 11, tier: 'SILVER', subRank: 'Silver I' }),
    );
    const { contestId, playerId } = people;
    const [solved, ...rest] = await published();
    expect(solved?.type).toBe('PROBLEM_SOLVED');
    expect(rest).toEqual([
      {
        type: 'LEVEL_UP',
        data: {
          playerId,
          playerName: 'Ada',
          oldLevel: 10,
          newLevel: 11,
          xp: 7650,
          tier: 'SILVER',
          subRank: 'Silver I',
        },
        key: `level-up:${playerId}:11`,
      },
      {
        type: 'TIER_UPGRADE',
        data: { playerId, playerName: 'Ada', oldTier: 'BRONZE', newTier: 'SILVER', subRank: 'Silver I' },
        key: `tier-upgrade:${playerId}:SILVER`,
      },
      dirty(contestId, playerId),
    ]);
  });

  test('a contest goes live, is frozen and ends, and its ranks are written row by row', async () => {
    const people = await cast();
    const others = [(await createPlayer(database)).playerId, (await createPlayer(database)).playerId];
    await run(statements.join(people));
    for (const playerId of others) await run(statements.join({ ...people, playerId }));
    await published();
    const { contestId, playerId } = people;
    const status = (oldStatus: string, newStatus: string) => ({
      type: 'CONTEST_STATUS',
      data: { contestId, contestTitle: 'Weekly 7', oldStatus, newStatus },
      key: `contest-status:${contestId}:${newStatus}`,
    });

    await run([["UPDATE contest SET status = 'LIVE' WHERE id = ?", [contestId]]]);
    expect(await published()).toEqual([status('UPCOMING', 'LIVE')]);
    await run([['UPDATE contest SET leaderboard_frozen = 1 WHERE id = ?', [contestId]]]);
    expect(await published()).toEqual([dirty(contestId)]);

    await run([["UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]]]);
    for (const [index, id] of [playerId, ...others].entries()) {
      await run([
        [
          'UPDATE contest_participant SET final_rank = ?, xp_earned = xp_earned + 30 WHERE contest_id = ? AND player_id = ?',
          [index + 1, contestId, id],
        ],
        ['UPDATE player SET xp = xp + 30 WHERE id = ?', [id]],
      ]);
    }
    await run([['UPDATE contest SET winner_ids = ? WHERE id = ?', ['[1]', contestId]]]);
    expect(await published()).toEqual([
      status('LIVE', 'ENDED'),
      {
        type: 'CONTEST_END',
        data: { contestId, contestTitle: 'Weekly 7', participantCount: 3 },
        key: `contest-end:${contestId}`,
      },
    ]);
    // Ended and frozen no more in one statement: the end first.
    await run([["UPDATE contest SET status = 'LIVE', leaderboard_frozen = 0 WHERE id = ?", [contestId]]]);
    expect(await published()).toEqual([status('ENDED', 'LIVE'), dirty(contestId)]);
  });

  test('a player leaves, or changes the contest', async () => {
    const people = await cast();
    const other = await createContest(database);
    const participantId = await run(statements.join(people));
    await published();
    await run([['UPDATE contest_participant SET contest_id = ? WHERE id = ?', [other, participantId]]]);
    await run([['DELETE FROM contest_participant WHERE id = ?', [participantId]]]);
    const { contestId, playerId } = people;
    expect(await published()).toEqual([
      dirty(contestId, playerId),
      dirty(other, playerId),
      dirty(other, playerId),
      access({ userId: await userOf(playerId) }),
    ]);
  });
});

const access = (data: Record<string, number>) => ({ type: 'ACCESS_TOUCHED', data, key: null });
const userOf = async (playerId: number) =>
  (await database.query<{ id: number }>('SELECT user_id AS id FROM player WHERE id = ?', [playerId]))[0]
    ?.id ?? 0;

describe('A withdrawn right is reported:', () => {
  test.each([
    ['a ban', "UPDATE users SET status = 'BANNED' WHERE id = ?"],
    ['another role', "UPDATE users SET role = 'COMPANY' WHERE id = ?"],
  ])('%s', async (_what, sql) => {
    const { playerId } = await cast();
    const userId = await userOf(playerId);
    await run([[sql, [userId]]]);
    expect(await published()).toEqual([access({ userId })]);
    await run([['UPDATE users SET name = ? WHERE id = ?', ['Eve', userId]]]);
    expect(await published()).toEqual([]);
  });

  test('a deleted user', async () => {
    const userId = await createUser(database);
    await run([['DELETE FROM users WHERE id = ?', [userId]]]);
    expect(await published()).toEqual([access({ userId })]);
  });

  test('a contest that becomes private, a draft, or another creator’s, and one that is deleted; no other change', async () => {
    const { contestId } = await cast();
    const reported = async (sql: string, values: readonly unknown[] = []) => {
      await run([[sql, [...values, contestId]]]);
      return (await published()).filter(({ type }) => type === 'ACCESS_TOUCHED');
    };
    const report = [access({ contestId })];
    expect(await reported('UPDATE contest SET title = ? WHERE id = ?', ['Weekly 9'])).toEqual([]);
    expect(await reported('UPDATE contest SET is_public = 0 WHERE id = ?')).toEqual(report);
    expect(await reported('UPDATE contest SET is_public = 1 WHERE id = ?')).toEqual([]);
    expect(await reported("UPDATE contest SET status = 'LIVE' WHERE id = ?")).toEqual([]);
    expect(await reported("UPDATE contest SET status = 'DRAFT' WHERE id = ?")).toEqual(report);
    const creator = await createUser(database);
    expect(await reported('UPDATE contest SET created_by = ? WHERE id = ?', [creator])).toEqual(report);
    expect(await reported('DELETE FROM contest WHERE id = ?')).toEqual(report);
  });
});

describe('A problem is solved once', () => {
  const submit = async (people: Cast, contestId: number | null, verdict: string) =>
    (
      await platform.run(
        "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, ?, ?, 'c', ?)",
        [people.playerId, people.problemId, contestId, verdict],
      )
    ).insertId;
  const judge = (id: number, verdict: string) =>
    platform.run('UPDATE submission SET verdict = ? WHERE id = ?', [verdict, id]);

  test('per contest, and once outside of contests', async () => {
    const people = await cast();
    const second = await createContest(database, { title: 'Weekly 8' });
    const keys = async () => (await published()).map(({ key }) => key);
    const key = (where: unknown) => `problem-solved:${people.playerId}:${people.problemId}:${where}`;

    const first = await submit(people, people.contestId, 'PENDING');
    const again = await submit(people, people.contestId, 'PENDING');
    await judge(again, 'ACCEPTED');
    expect(await keys()).toEqual([key(people.contestId)]);
    await judge(first, 'ACCEPTED');
    await submit(people, people.contestId, 'ACCEPTED');
    expect(await keys()).toEqual([]);

    await submit(people, second, 'WRONG_ANSWER');
    await submit(people, second, 'ACCEPTED');
    expect(await keys()).toEqual([key(second)]);

    await submit(people, null, 'ACCEPTED');
    expect(await keys()).toEqual([key('practice')]);
    await submit(people, null, 'ACCEPTED');
    expect(await keys()).toEqual([]);
  });

  test('when one statement accepts several submissions', async () => {
    const people = await cast();
    const { playerId, problemId, contestId } = people;
    const row = [playerId, problemId, contestId, 'c', 'ACCEPTED'];
    await platform.run(
      'INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES ?',
      [[row, row]],
    );
    expect(await published()).toHaveLength(1);
    const other = await createContest(database);
    await submit(people, other, 'PENDING');
    await submit(people, other, 'PENDING');
    await platform.run("UPDATE submission SET verdict = 'ACCEPTED' WHERE contest_id = ?", [other]);
    expect(await published()).toHaveLength(1);
  });

  test('without contest or points in practice', async () => {
    const people = await cast();
    await submit(people, null, 'ACCEPTED');
    const [event] = await published();
    expect(event?.data).toEqual({
      playerId: people.playerId,
      playerName: 'Ada',
      problemId: people.problemId,
      problemTitle: 'Two Sum',
      difficulty: 'EASY',
    });
  });
});

test('a write that is rolled back is not published', async () => {
  const people = await cast({ level: 10, xp: 7500 });
  await platform.run('START TRANSACTION');
  await run(statements.join(people));
  const submissionId = await run(statements.submit(people));
  await run(
    statements.accept(people, submissionId, { xp: 150, level: 11, tier: 'SILVER', subRank: 'Silver I' }),
  );
  await run([["UPDATE contest SET status = 'ENDED' WHERE id = ?", [people.contestId]]]);
  await platform.run(
    "INSERT INTO announcement (created_by, title, message) SELECT created_by, 'A', 'B' FROM contest LIMIT 1",
  );
  const [rows] = await platform.connection.query('SELECT type FROM event_outbox');
  expect(rows).toHaveLength(12);
  await platform.run('ROLLBACK');
  expect(await published()).toEqual([]);
});

test('unchanged values, and lower levels, are not published', async () => {
  const people = await cast({ level: 11, tier: 'SILVER' });
  const { contestId, playerId } = people;
  await run(statements.join(people));
  await run(statements.submit(people));
  const accepted = await platform.run(
    "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, ?, ?, 'c', 'ACCEPTED')",
    [playerId, people.problemId, contestId],
  );
  await published();
  const quiet: Statement[] = [
    ["UPDATE player SET level = 11, tier = 'SILVER', sub_rank = 'Silver I' WHERE id = ?", [playerId]],
    ["UPDATE player SET sub_rank = 'Silver II', xp = xp + 1, global_rank = 3 WHERE id = ?", [playerId]],
    ["UPDATE player SET level = 10, tier = 'BRONZE' WHERE id = ?", [playerId]],
    ["UPDATE contest SET status = status, title = 'Other', end_time = NOW() WHERE id = ?", [contestId]],
    [
      'UPDATE contest_participant SET final_rating = final_rating, last_solved_at = last_solved_at WHERE player_id = ?',
      [playerId],
    ],
    ['UPDATE contest_participant SET final_rank = 1, raw_score = 7 WHERE player_id = ?', [playerId]],
    ["UPDATE submission SET verdict = 'ACCEPTED', points_earned = 5 WHERE id = ?", [accepted.insertId]],
    ["UPDATE submission SET verdict = 'WRONG_ANSWER' WHERE verdict = 'PENDING'", []],
  ];
  for (const [sql, values] of quiet) await platform.run(sql, values);
  expect(await published()).toEqual([]);
});

test.each([
  ['final_rating', 1],
  ['last_solved_at', '2026-01-01 00:00:00'],
  ['last_solved_at', null],
  ['problems_solved', 3],
  ['penalty_mins', 4],
  ['mode', 'LEGEND'],
])('a change of %s to %s makes the contest dirty', async (column, value) => {
  const people = await cast();
  await run(statements.join(people));
  await platform.run("UPDATE contest_participant SET last_solved_at = '2025-01-01'");
  await published();
  await platform.run(`UPDATE contest_participant SET ${column} = ? WHERE contest_id = ?`, [
    value,
    people.contestId,
  ]);
  expect(await published()).toEqual([dirty(people.contestId, people.playerId)]);
});
