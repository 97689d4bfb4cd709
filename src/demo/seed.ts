import type { RowDataPacket } from 'mysql2/promise';
import type { Database, Transaction } from '../db/database.ts';
import { lockName } from '../db/named-lock.ts';
import { emailOf, PLAYERS, STAFF } from './cast.ts';
import { refreshContests, seedContests } from './contests.ts';
import type { Demo } from './demo.ts';
import { DEMO_EMAILS, findDemo } from './find.ts';
import { ensureLevels, levelAt } from './levels.ts';
import { DEMO_PROBLEMS, POINTS } from './problems.ts';

export interface SeedOptions {
  /** Adds the demo also where other users live. Default false. */
  readonly besideOthers?: boolean;
}

/** How long to wait for another process that seeds at this moment, in seconds. */
const PATIENCE_S = 30;

/**
 * Puts users, players, problems and contests to play with into the platform's tables, once; when they are there, only
 * the contests' times are brought up to date. A database with other users in it is left alone.
 *
 * @returns what there is to show; undefined where nothing was put in.
 */
export async function seedDemo(database: Database, options: SeedOptions = {}): Promise<Demo | undefined> {
  const connection = await database.connect({ statementTimeoutMs: 0 });
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
      lockName(database.name, 'seed'),
      PATIENCE_S,
    ]);
    if (Number(rows[0]?.got) !== 1) throw new Error('Another process is putting in the demo data.');
    await database.transaction((tx) => seed(tx, options.besideOthers ?? false));
  } finally {
    // With the connection goes the lock.
    connection.destroy();
  }
  return findDemo(database);
}

async function seed(tx: Transaction, besideOthers: boolean): Promise<void> {
  const [count] = await tx.query<{ ours: number; others: number }>(
    `SELECT COUNT(CASE WHEN email LIKE ? THEN 1 END) AS ours,
      COUNT(CASE WHEN email NOT LIKE ? THEN 1 END) AS others FROM users`,
    [DEMO_EMAILS, DEMO_EMAILS],
  );
  if ((count?.ours ?? 0) > 0) return refreshContests(tx);
  if ((count?.others ?? 0) > 0 && !besideOthers) return;

  const staffIds: number[] = [];
  for (const { name, role } of STAFF) staffIds.push(await createUser(tx, name, role));
  const playerIds = await createPlayers(tx);
  const problemIds = await createProblems(tx);
  await seedContests(tx, { companyUserId: staffIds[1] ?? 0, playerIds, problemIds });
}

async function createUser(tx: Transaction, name: string, role: string): Promise<number> {
  const { insertId } = await tx.execute(
    'INSERT INTO users (name, email, password, role) VALUES (?, ?, ?, ?)',
    // No password has this hash: nobody signs in as a demo user.
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
  // A player's id is never the user's: whoever confuses the two shall see it in the demo.
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
