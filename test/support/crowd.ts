import type { Queries } from '../../src/db/database.ts';
import { createContest, createUser } from './database/platform.ts';

/** A player of a crowd, by name and score. */
export interface Named {
  readonly name: string;
  readonly rating: number;
}

/** A contest with many players. */
export interface Crowd {
  readonly contestId: number;
  /** `users.id` and player id of the first of the named. */
  readonly userId: number;
  readonly playerId: number;
}

const CHUNK = 1_000;

/** A live contest in which `size` players take part: the named ones, then others who each have less. */
export async function createCrowd(
  database: Queries,
  size: number,
  named: readonly Named[],
  title: string,
): Promise<Crowd> {
  const contestId = await createContest(database, { title });
  // Players that are added later have greater ids: the ids need not be read back.
  const first = (await createUser(database)) + 1;
  const players = Array.from({ length: size }, (_, place) => ({
    id: first + place,
    ...(named[place] ?? { name: `Player ${place + 1}`, rating: 9_000 - place * 0.75 }),
  }));
  for (let from = 0; from < size; from += CHUNK) {
    const some = players.slice(from, from + CHUNK);
    const rows = (row: string) => some.map(() => row).join(', ');
    await database.execute(
      `INSERT INTO users (id, name, email, password, role, status) VALUES ${rows("(?, ?, ?, '-', 'PLAYER', 'ACTIVE')")}`,
      some.flatMap(({ id, name }) => [id, name, `crowd-${id}@example.test`]),
    );
    await database.execute(
      `INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES ${rows("(?, ?, 0, 1, 'SILVER', 'Silver I')")}`,
      some.flatMap(({ id }) => [id, id]),
    );
    await database.execute(
      `INSERT INTO contest_participant (contest_id, player_id, mode, final_rating, problems_solved, penalty_mins, last_solved_at)
       VALUES ${rows("(?, ?, 'PRECISION', ?, 3, 1234, '2026-01-01 14:07:00')")}`,
      some.flatMap(({ id, rating }) => [contestId, id, rating]),
    );
  }
  await database.execute('UPDATE contest SET participant_count = ? WHERE id = ?', [size, contestId]);
  return { contestId, userId: first, playerId: first };
}
