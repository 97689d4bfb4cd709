import type { Queries } from '../db/database.ts';
import { idsOf } from '../platform/id-list.ts';
import { DEMO_DOMAIN, emailOf, PROTAGONIST, STAFF } from './cast.ts';
import type { Demo } from './demo.ts';

/** Pattern for `LIKE` that matches demo users only. */
export const DEMO_EMAILS = `%@${DEMO_DOMAIN}`;

/** Finds the demo data of a database; undefined where there is none, or its live contest is over. */
export async function findDemo(database: Pick<Queries, 'query'>): Promise<Demo | undefined> {
  const admin = STAFF.find(({ role }) => role === 'ADMIN')?.name ?? '';
  const people = await database.query<{ email: string; userId: number; playerId: number | null }>(
    `SELECT u.email, u.id AS userId, p.id AS playerId
     FROM users u LEFT JOIN player p ON p.user_id = u.id WHERE u.email IN (?, ?)`,
    [emailOf(PROTAGONIST), emailOf(admin)],
  );
  const player = people.find(({ email }) => email === emailOf(PROTAGONIST));
  const adminUserId = people.find(({ email }) => email === emailOf(admin))?.userId;
  const contests = await database.query<{ id: number; title: string; problems: string }>(
    `SELECT c.id, c.title, c.problems FROM contest c JOIN users u ON u.id = c.created_by
     WHERE u.email LIKE ? AND c.status = 'LIVE' ORDER BY c.id LIMIT 1`,
    [DEMO_EMAILS],
  );
  const contest = contests[0];
  if (!player || player.playerId === null || adminUserId === undefined || !contest) return undefined;
  return {
    userId: player.userId,
    playerId: player.playerId,
    playerName: PROTAGONIST,
    adminUserId,
    contestId: contest.id,
    contestTitle: contest.title,
    problemIds: idsOf(contest.problems),
  };
}
