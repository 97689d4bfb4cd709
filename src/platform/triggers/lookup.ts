/**
 * SQL that reads what an event needs besides `NEW`, into variables. Each is a SELECT … INTO of its own: only that reads
 * without locks, where the binary log is written by row or not at all. SET, IF and INSERT would lock the rows they read.
 * Aggregates make a row that is missing NULL instead of a warning in the platform's statement.
 */

export const PLAYER_NAME = 'v_player_name';
export const CONTEST_TITLE = 'v_contest_title';

/** The name of a user, into `PLAYER_NAME`. */
export function userName(userId: string): string {
  return `SELECT MAX(u.name) INTO ${PLAYER_NAME} FROM users u WHERE u.id = ${userId};`;
}

/** The name of a player, into `PLAYER_NAME`. */
export function playerName(playerId: string): string {
  return `SELECT MAX(u.name) INTO ${PLAYER_NAME}
FROM player p JOIN users u ON u.id = p.user_id WHERE p.id = ${playerId};`;
}

/** The title of a contest, into `CONTEST_TITLE`. */
export function contestTitle(contestId: string): string {
  return `SELECT MAX(c.title) INTO ${CONTEST_TITLE} FROM contest c WHERE c.id = ${contestId};`;
}

/** The columns that these read. */
export const NAME_OF_USER = { users: ['id', 'name'] };
export const NAME_OF_PLAYER = { ...NAME_OF_USER, player: ['id', 'user_id'] };
export const TITLE_OF_CONTEST = { contest: ['id', 'title'] };
