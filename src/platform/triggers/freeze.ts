import { only } from './body.ts';

/**
 * SQL by which triggers keep what was public at a freeze. The platform has a flag alone; what its own transaction saw of
 * that flag decides what came before the freeze.
 */

export const FREEZE_NO = 'v_freeze_no';
export const HELD_CONTEST = 'v_held_contest';
export const AFTER_CONTEST = 'v_after_contest';

/** Columns that the statements below read. */
export const FREEZES = { contest_freeze: ['contest_id', 'freeze_no', 'frozen'] };

const FREEZE_COLUMNS = ['contest_id', 'freeze_no', 'frozen', 'frozen_at', '`exact`', 'revealed_at'];
const SCORE_COLUMNS = [
  'contest_id',
  'freeze_no',
  'player_id',
  'mode',
  'final_rating',
  'problems_solved',
  'penalty_mins',
  'solved_local',
  'solved_unix',
];
const PLAYER_COLUMNS = ['contest_id', 'freeze_no', 'player_id', 'xp', 'level', 'tier', 'sub_rank'];

export const STORES_FREEZE = { contest_freeze: FREEZE_COLUMNS };
export const STORES_SCORE = { frozen_score: SCORE_COLUMNS };
export const STORES_PLAYER = { frozen_player: PLAYER_COLUMNS };

/** Records that a contest was frozen, or is no longer. */
export function recordFreezeChange(contestId: string): string {
  return `IF NEW.leaderboard_frozen THEN
INSERT INTO contest_freeze (${FREEZE_COLUMNS.join(', ')}) VALUES (${contestId}, 1, TRUE, UTC_TIMESTAMP(3), TRUE, NULL)
ON DUPLICATE KEY UPDATE freeze_no = freeze_no + 1, frozen = TRUE, frozen_at = UTC_TIMESTAMP(3), \`exact\` = TRUE, revealed_at = NULL;
ELSE
UPDATE contest_freeze SET frozen = FALSE WHERE contest_id = ${contestId};
END IF;`;
}

/** Holds a participant's result, of `OLD` or `NEW`, unless it is held already or the contest is not frozen. */
export function holdScore(row: 'OLD' | 'NEW'): string {
  const values = ['mode', 'final_rating', 'problems_solved', 'penalty_mins', 'last_solved_at'].map(
    (column) => `${row}.${column}`,
  );
  return [
    `SELECT MAX(f.freeze_no) INTO ${FREEZE_NO} FROM contest_freeze f WHERE f.contest_id = NEW.contest_id AND f.frozen;`,
    only(
      `${FREEZE_NO} IS NOT NULL`,
      `INSERT INTO frozen_score (${SCORE_COLUMNS.join(', ')})
VALUES (NEW.contest_id, ${FREEZE_NO}, NEW.player_id, ${values.join(', ')}, UNIX_TIMESTAMP(${row}.last_solved_at))
ON DUPLICATE KEY UPDATE freeze_no = ${FREEZE_NO};`,
    ),
  ].join('\n');
}

/** Holds the XP, level and tier of `OLD` for every frozen contest of the player that does not hold them yet. */
export function holdPlayer(): string {
  return `SET ${AFTER_CONTEST} = 0;
held: LOOP
SET ${HELD_CONTEST} = NULL;
SELECT MIN(f.contest_id) INTO ${HELD_CONTEST} FROM contest_freeze f
JOIN contest_participant cp ON cp.contest_id = f.contest_id AND cp.player_id = NEW.id
WHERE f.frozen AND f.contest_id > ${AFTER_CONTEST};
IF ${HELD_CONTEST} IS NULL THEN LEAVE held; END IF;
SELECT MAX(f.freeze_no) INTO ${FREEZE_NO} FROM contest_freeze f WHERE f.contest_id = ${HELD_CONTEST};
INSERT INTO frozen_player (${PLAYER_COLUMNS.join(', ')})
VALUES (${HELD_CONTEST}, ${FREEZE_NO}, NEW.id, OLD.xp, OLD.level, OLD.tier, OLD.sub_rank)
ON DUPLICATE KEY UPDATE freeze_no = ${FREEZE_NO};
SET ${AFTER_CONTEST} = ${HELD_CONTEST};
END LOOP held;`;
}
