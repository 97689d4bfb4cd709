import type { RowDataPacket } from 'mysql2/promise';
import type { Database, Transaction } from '../db/database.ts';
import { lockName } from '../db/named-lock.ts';
import { type PlatformClock, SERVER_CLOCK } from '../platform/clock.ts';
import { emailOf, PLAYERS, STAFF } from './cast.ts';
import { refreshContests, seedContests } from './contests.ts';
import type { Demo } from './demo.ts';
import { DEMO_EMAILS, findDemo } from './find.ts';
import { ensureLevels, levelAt } from './levels.ts';
import { DEMO_PROBLEMS, POINTS } from './problems.ts';

export interface SeedOptions {
  /** Seeds the demo even where other users exist. Default false. */
  readonly besideOthers?: boolean;
  /** Default: that of the database server's zone. */
  readonly clock?: PlatformClock;
}

/** Max wait for another process that seeds, s. */
const LOCK_TIMEOUT_S = 30;

/**
 * Seeds the platform's tables with demo users, players, problems and contests. Idempotent: where they exist, only the times
 * of the contests are moved. A database with other users stays as it is.
 *
 * @returns the demo data; undefined where there is none.
 */
export async function seedDemo(database: Database, options: SeedOptions = {}): Promise<Demo | undefined> {
  const connection = await database.connect({ statementTimeoutMs: 0 });
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
      lockName(database.name, 'seed'),
      LOCK_TIMEOUT_S,
    ]);
    if (Number(rows[0]?.got) !== 1)
      throw new Error(
        `Another process has been seeding the demo data for ${LOCK_TIMEOUT_S} s. Try again when it is done.`,
      );
    await database.transaction((tx) => seed(tx, options));
  } finally {
    // The lock is released with the connection.
    connection.destroy();
  }
  return findDemo(database);
}

async function seed(tx: Transaction, options: SeedOptions): Promise<void> {
  const { besideOthers = false, clock = SERVER_CLOCK } = options;
  const [count] = await tx.query<{ ours: number; others: number }>(
    `SELECT COUNT(CASE WHEN email LIKE ? THEN 1 END) AS ours,
      COUNT(CASE WHEN email NOT LIKE ? THEN 1 END) AS others FROM users`,
    [DEMO_EMAILS, DEMO_EMAILS],
  );
  if ((count?.ours ?? 0) > 0) return refreshContests(tx, clock);
  if ((count?.others ?? 0) > 0 && !besideOthers) return;

  const staffIds: number[] = [];
  for (const { name, role } of STAFF) staffIds.push(await createUser(tx, name, role));
  const playerIds = await createPlayers(tx);
  const problemIds = await createProblems(tx);
  await seedContests(tx, clock, { companyUserId: staffIds[1] ?? 0, playerIds, problemIds });
}

async function createUser(tx: Transaction, name: string, role: string): Promise<number> {
  const { insertId } = await tx.execute(
    'INSERT INTO users (name, email, password, role) VALUES (?, ?, ?, ?)',
    // No password has this hash: signing in as a demo user is impossible.
    [name, emailOf(name), '!', role],
  );
  return insertId;
}

async function createPlayers(tx: Transaction): Promise<number[]> {
  const levels = await ensureLevels(tx);
  const userIds: number[] = [];
  for (const { name } of PLAYERS) userIds.push(await createUser(tx, name, 'PLAYER'));

  const [last] = await tx.query<{ id: number }>('SELECT COALESCE(MAX(id), 0) AS id FROM player');
  let before = last?.id ?? 0;
  // A player's id always differs from its user's, so that confusing the two shows in the demo.
  while (userIds.some((userId, index) => userId === before + 1 + index)) before += 1;
  const playerIds = userIds.map((_, index) => before + 1 + index);

  const byXp = [...PLAYERS].sort((a, b) => b.xp - a.xp);
  for (const [index, cast] of PLAYERS.entries()) {
    const { level, tier, subRank } = levelAt(levels, cast.xp);
    await tx.execute(
      `INSERT INTO player (id, user_id, xp, global_rank, level, tier, sub_rank, streak_days, total_contests)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        playerIds[index],
        userIds[index],
        cast.xp,
        byXp.indexOf(cast) + 1,
        level,
        tier,
        subRank,
        cast.streakDays,
        1,
      ],
    );
  }
  return playerIds;
}

async function createProblems(tx: Transaction): Promise<number[]> {
  const ids: number[] = [];
  for (const { title, difficulty, description, example } of DEMO_PROBLEMS) {
    const [input, output] = example;
    const { insertId } = await tx.execute(
      'INSERT INTO problem (title, difficulty, points, description, examples, test_cases) VALUES (?, ?, ?, ?, ?, ?)',
      [
        title,
        difficulty,
        POINTS[difficulty],
        JSON.stringify({ text: description }),
        JSON.stringify([{ input, output }]),
        JSON.stringify([{ input, output }]),
      ],
    );
    ids.push(insertId);
  }
  return ids;
}
