/**
 * SQL that looks up what an event needs besides `NEW`, into variables. Each is a SELECT … INTO of its own, the only form
 * that reads without locks (unless the binary log is statement-based): SET, IF and INSERT lock the rows they read. An
 * aggregate yields NULL for a missing row, instead of a warning in the platform's statement.
 */

export const PLAYER_NAME = 'v_player_name';
export const CONTEST_TITLE = 'v_contest_title';

/** Looks up the name of a user, into `PLAYER_NAME`. */
export function userName(userId: string): string {
  return `SELECT MAX(u.name) INTO ${PLAYER_NAME} FROM users u WHERE u.id = ${userId};`;
}

/** Looks up the name of a player, into `PLAYER_NAME`. */
export function playerName(playerId: string): string {
  return `SELECT MAX(u.name) INTO ${PLAYER_NAME}
FROM player p JOIN users u ON u.id = p.user_id WHERE p.id = ${playerId};`;
}

/** Looks up the title of a contest, into `CONTEST_TITLE`. */
export function contestTitle(contestId: string): string {
  return `SELECT MAX(c.title) INTO ${CONTEST_TITLE} FROM contest c WHERE c.id = ${contestId};`;
}

export const FROZEN = 'v_frozen';

/** Looks up whether a contest is frozen, into `FROZEN`: 1, 0, or NULL where it is unknown. */
export function contestFrozen(contestId: string): string {
  return `SELECT MAX(c.leaderboard_frozen + 0) INTO ${FROZEN} FROM contest c WHERE c.id = ${contestId};`;
}

/** Looks up whether any contest of a player is frozen, into `FROZEN`: 1 or 0. */
export function anyContestFrozen(playerId: string): string {
  return `SELECT COUNT(*) > 0 INTO ${FROZEN} FROM contest c
JOIN contest_participant cp ON cp.contest_id = c.id AND cp.player_id = ${playerId} WHERE c.leaderboard_frozen;`;
}

/** Columns that the lookups read. */
export const NAME_OF_USER = { users: ['id', 'name'] };
export const NAME_OF_PLAYER = { ...NAME_OF_USER, player: ['id', 'user_id'] };
export const TITLE_OF_CONTEST = { contest: ['id', 'title', 'leaderboard_frozen'] };
export const FROZEN_OF_PLAYER = {
  contest: ['id', 'leaderboard_frozen'],
  contest_participant: ['contest_id', 'player_id'],
};
