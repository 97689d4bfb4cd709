import type { Queries } from '../../../src/db/database.ts';

/** Rows of the platform's tables, as the platform would write them. */

interface User {
  readonly name?: string;
  readonly role?: 'PLAYER' | 'ADMIN' | 'COMPANY';
  readonly status?: 'ACTIVE' | 'DORMANT' | 'BANNED' | 'SUSPENDED';
  readonly picture?: string | null;
}

interface Player extends User {
  readonly xp?: number;
  readonly level?: number;
  readonly tier?: 'BRONZE' | 'SILVER' | 'GOLD';
  readonly subRank?: string;
}

export interface PlayerIds {
  readonly userId: number;
  /** Never the user's id, so that a confusion of the two shows. */
  readonly playerId: number;
}

interface Contest {
  readonly title?: string;
  readonly status?: 'DRAFT' | 'UPCOMING' | 'LIVE' | 'ENDED' | 'CANCELLED';
  readonly isPublic?: boolean;
  readonly frozen?: boolean;
  readonly problems?: readonly number[];
  readonly createdBy?: number;
  /** As the platform stores it: without a zone, `2026-01-02 03:04:05`. */
  readonly startTime?: string;
  readonly endTime?: string;
  /** Instead of `startTime`, and in the zone of the server. */
  readonly startedMinutesAgo?: number;
  /** Who takes part, without a score. */
  readonly players?: readonly Pick<PlayerIds, 'playerId'>[];
}

interface Submission {
  readonly contestId: number | null;
  readonly playerId: number;
  readonly problemId: number;
  /** Default: PENDING. */
  readonly verdict?: string;
  /** Default: 100 where it is accepted, else 0. */
  readonly points?: number;
  /** When it was submitted. Default: 0. */
  readonly minutesAgo?: number;
}

interface Participation {
  readonly contestId: number;
  readonly playerId: number;
  readonly mode?: 'PRECISION' | 'GRINDER' | 'LEGEND';
  readonly finalRating?: number;
  readonly problemsSolved?: number;
  readonly penaltyMins?: number;
  /** As the platform stores it: without a zone. */
  readonly lastSolvedAt?: string | null;
}

/** Types of the columns with the times of contests and results, which versions of the platform changed. */
export interface ContestSchema {
  readonly start: 'TIMESTAMP' | 'DATETIME';
  readonly end: 'TIMESTAMP' | 'DATETIME';
  readonly solved: 'TIMESTAMP' | 'DATETIME';
}

const PLAYER_ID_OFFSET = 5000;
let users = 0;

/** A user without a player. */
export async function createUser(database: Queries, user: User = {}): Promise<number> {
  users += 1;
  const { insertId } = await database.execute(
    'INSERT INTO users (name, email, password, role, status, profile_picture) VALUES (?, ?, ?, ?, ?, ?)',
    [
      user.name ?? `User ${users}`,
      `user-${process.pid}-${users}@example.test`,
      '-',
      user.role ?? 'PLAYER',
      user.status ?? 'ACTIVE',
      user.picture ?? null,
    ],
  );
  return insertId;
}

/** A user and the player that belongs to it. */
export async function createPlayer(database: Queries, player: Player = {}): Promise<PlayerIds> {
  const userId = await createUser(database, player);
  const playerId = userId + PLAYER_ID_OFFSET;
  await database.execute(
    'INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES (?, ?, ?, ?, ?, ?)',
    [
      playerId,
      userId,
      player.xp ?? 0,
      player.level ?? 1,
      player.tier ?? 'BRONZE',
      player.subRank ?? 'Bronze I',
    ],
  );
  return { userId, playerId };
}

/** So many players, one after the other: on a busy machine a crowd of them would not get a connection in time. */
export async function createPlayers(database: Queries, count: number): Promise<PlayerIds[]> {
  const players: PlayerIds[] = [];
  while (players.length < count) players.push(await createPlayer(database));
  return players;
}

/** A public contest that is live, unless said otherwise. */
export async function createContest(database: Queries, contest: Contest = {}): Promise<number> {
  const createdBy = contest.createdBy ?? (await createUser(database, { role: 'ADMIN' }));
  const { insertId } = await database.execute(
    `INSERT INTO contest (created_by, problems, title, status, start_time, end_time, duration_mins, is_public,
      leaderboard_frozen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      createdBy,
      JSON.stringify(contest.problems ?? []),
      contest.title ?? 'Weekly Contest',
      contest.status ?? 'LIVE',
      contest.startTime ?? '2026-01-01 00:00:00',
      contest.endTime ?? '2100-01-01 00:00:00',
      90,
      contest.isPublic ?? true,
      contest.frozen ?? false,
    ],
  );
  if (contest.startedMinutesAgo !== undefined)
    await database.execute(
      "UPDATE contest SET start_time = CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone) - INTERVAL ? MINUTE WHERE id = ?",
      [contest.startedMinutesAgo, insertId],
    );
  for (const { playerId } of contest.players ?? [])
    await joinContest(database, { contestId: insertId, playerId });
  return insertId;
}

/** A player's row in a contest, with its score; bumps the contest's count as the platform does. */
export async function joinContest(database: Queries, participation: Participation): Promise<number> {
  const { insertId } = await database.execute(
    `INSERT INTO contest_participant (contest_id, player_id, mode, final_rating, problems_solved, penalty_mins,
      last_solved_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [
      participation.contestId,
      participation.playerId,
      participation.mode ?? 'PRECISION',
      participation.finalRating ?? 0,
      participation.problemsSolved ?? 0,
      participation.penaltyMins ?? 0,
      participation.lastSolvedAt ?? null,
    ],
  );
  await database.execute('UPDATE contest SET participant_count = participant_count + 1 WHERE id = ?', [
    participation.contestId,
  ]);
  return insertId;
}

export async function createProblem(
  database: Queries,
  problem: { readonly title?: string; readonly difficulty?: 'EASY' | 'MEDIUM' | 'HARD' } = {},
): Promise<number> {
  const difficulty = problem.difficulty ?? 'EASY';
  const { insertId } = await database.execute(
    'INSERT INTO problem (title, difficulty, points, description, examples, test_cases) VALUES (?, ?, ?, ?, ?, ?)',
    [
      problem.title ?? 'Two Sum',
      difficulty,
      { EASY: 100, MEDIUM: 200, HARD: 400 }[difficulty],
      '{}',
      '[]',
      '[]',
    ],
  );
  return insertId;
}

/** Writes a score as the platform does. @param solvedAt as the platform stores it: without a zone */
export async function setScore(
  database: Queries,
  contestId: number,
  playerId: number,
  rating: number,
  solvedAt: string | null = '2026-01-01 00:00:00',
): Promise<void> {
  await database.execute(
    `UPDATE contest_participant SET final_rating = ?, problems_solved = problems_solved + 1, last_solved_at = ?
      WHERE contest_id = ? AND player_id = ?`,
    [rating, solvedAt, contestId, playerId],
  );
}

/** A submission as it is stored, with its verdict. Returns its id. */
export async function createSubmission(database: Queries, submission: Submission): Promise<number> {
  const { contestId, playerId, problemId, verdict = 'PENDING', minutesAgo = 0 } = submission;
  const { insertId } = await database.execute(
    `INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned, submitted_at)
      VALUES (?, ?, ?, 'cpp', ?, ?, UTC_TIMESTAMP() - INTERVAL ? MINUTE)`,
    [
      playerId,
      problemId,
      contestId,
      verdict,
      submission.points ?? (verdict === 'ACCEPTED' ? 100 : 0),
      minutesAgo,
    ],
  );
  return insertId;
}

/** Gives a submission a verdict, its first or another. */
export async function judge(database: Queries, submissionId: number, verdict: string): Promise<void> {
  await database.execute('UPDATE submission SET verdict = ? WHERE id = ?', [verdict, submissionId]);
}

export async function setFrozen(database: Queries, contestId: number, frozen: boolean): Promise<void> {
  await database.execute('UPDATE contest SET leaderboard_frozen = ? WHERE id = ?', [frozen, contestId]);
}

/** Alters the platform's tables to those of one of its versions. */
export async function setPlatformSchema(database: Queries, schema: ContestSchema): Promise<void> {
  await database.execute(
    `ALTER TABLE contest MODIFY start_time ${schema.start} NULL, MODIFY end_time ${schema.end} NULL`,
  );
  await database.execute(`ALTER TABLE contest_participant MODIFY last_solved_at ${schema.solved} NULL`);
}
