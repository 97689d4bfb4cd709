import type { Queries } from '../db/database.ts';
import { Timestamp } from '../db/timestamp.ts';
import { MODES, TIERS } from '../protocol/enums.ts';
import type { LeaderboardRow } from '../protocol/leaderboard.ts';
import { truncate } from '../util/truncate.ts';
import { isTimestamp, type PlatformClock } from './clock.ts';
import { IS_FROZEN } from './freeze.ts';
import { SERVER_ZONE } from './server-zone.ts';
import { isShowableId, MAX_INT, reasonAgainst, type Unshowable } from './unshowable.ts';

/** A row of a leaderboard without its rank: the rank follows from all rows together. */
export type Score = Omit<LeaderboardRow, 'rank'>;

/** State of a contest as far as its leaderboard depends on it. */
export interface ContestState {
  readonly title: string;
  readonly live: boolean;
  readonly frozen: boolean;
}

const MAX_NAME_LENGTH = 100;
const MAX_TITLE_LENGTH = 200;
const MAX_PICTURE_LENGTH = 2048;
/** For rows whose times do not matter. */
const NO_CLOCK: Pick<PlatformClock, 'instant'> = { instant: () => null };

/** SQL expression of every field over `SCORE_TABLES`; `text`: its collation differs between tables. */
const SCORE_SQL: Readonly<Record<keyof Score, { readonly sql: string; readonly text?: true }>> = {
  playerId: { sql: 'cp.player_id' },
  playerName: { sql: 'u.name', text: true },
  picture: { sql: 'u.profile_picture', text: true },
  tier: { sql: 'p.tier', text: true },
  mode: { sql: 'cp.mode', text: true },
  finalRating: { sql: 'cp.final_rating' },
  problemsSolved: { sql: 'cp.problems_solved' },
  penaltyMins: { sql: 'cp.penalty_mins' },
  lastSolvedAt: { sql: 'cp.last_solved_at' },
};

/** Every field of a score, once; statements and comparisons are built from it. */
export const SCORE_FIELDS = Object.keys(SCORE_SQL) as readonly (keyof Score)[];

const SCORE_TABLES =
  'contest_participant cp JOIN player p ON p.id = cp.player_id JOIN users u ON u.id = p.user_id';

/**
 * SQL: checksum of all fields of a row, and of the zone in which its time is read. Texts become numbers first, since their
 * collations may not be mixed.
 */
const CHECKSUM = `CRC32(CONCAT_WS(',', ${SCORE_FIELDS.map(forChecksum).join(', ')},
  IF(cp.last_solved_at IS NULL, '', CRC32(${SERVER_ZONE}))))`;

/** SQL: checksum of a row's result, which is what `contest_participant` alone holds of it. */
const RESULT_CHECKSUM = `CRC32(CONCAT_WS(',', ${SCORE_FIELDS.filter((field) =>
  SCORE_SQL[field].sql.startsWith('cp.'),
)
  .map(forChecksum)
  .join(', ')}))`;

function forChecksum(field: keyof Score): string {
  const { sql, text } = SCORE_SQL[field];
  return `IFNULL(${text ? `CRC32(${sql})` : sql}, '')`;
}

interface RawScore extends Readonly<Record<keyof Score, unknown>> {
  readonly playerId: number;
  readonly playerName: string | null;
  readonly picture: string | null;
  readonly tier: string | null;
  readonly mode: string | null;
  readonly finalRating: string;
  readonly problemsSolved: number;
  readonly penaltyMins: number;
  readonly lastSolvedAt: Date | null;
}

/**
 * Reads the current scores in a contest, of all players or of some, by player. A row that cannot be shown is left out.
 *
 * @param leftOut is given such rows
 */
export async function readScores(
  database: Pick<Queries, 'query'>,
  contestId: number,
  players: ReadonlySet<number> | 'all',
  clock: PlatformClock,
  leftOut: (row: Unshowable) => void = () => {},
): Promise<Map<number, Score>> {
  if (players !== 'all' && players.size === 0) return new Map();
  const columns = SCORE_FIELDS.map((field) => {
    const { sql } = SCORE_SQL[field];
    return field === 'lastSolvedAt' ? clock.select(sql, field) : `${sql} AS ${field}`;
  });
  const rows = await database.query<RawScore>(
    `SELECT ${columns.join(', ')} FROM ${SCORE_TABLES}
      WHERE cp.contest_id = ?${players === 'all' ? '' : ' AND cp.player_id IN (?)'}`,
    players === 'all' ? [contestId] : [contestId, [...players]],
  );
  const scores = new Map<number, Score>();
  for (const row of rows) {
    const score = scoreOf(row, clock);
    const reason = reasonAgainst(score);
    if (reason === undefined) scores.set(score.playerId, score);
    else leftOut({ playerId: String(row.playerId), reason });
  }
  return scores;
}

/** A row as at a freeze, as far as it has changed since. */
export type HeldScore = Partial<
  Pick<Score, 'mode' | 'finalRating' | 'problemsSolved' | 'penaltyMins' | 'lastSolvedAt' | 'tier'>
>;

interface RawHeld extends Readonly<Record<string, unknown>> {
  readonly playerId: number;
  readonly hasScore: number;
  readonly hasPlayer: number;
  readonly isInstant: number;
  readonly solvedUnix: string | null;
}

/**
 * Reads what triggers kept of the rows of a frozen leaderboard. To be read after the scores: a row that changes in between is
 * then found here as it was.
 */
export async function readHeldScores(
  database: Pick<Queries, 'query'>,
  contestId: number,
  freezeNo: number,
  players: ReadonlySet<number> | 'all',
  clock: PlatformClock,
): Promise<Map<number, HeldScore>> {
  if (players !== 'all' && players.size === 0) return new Map();
  const rows = await database.query<RawHeld>(
    `SELECT cp.player_id AS playerId, s.player_id IS NOT NULL AS hasScore, h.player_id IS NOT NULL AS hasPlayer,
            s.mode, s.final_rating AS finalRating, s.problems_solved AS problemsSolved, s.penalty_mins AS penaltyMins,
            ${clock.select('s.solved_local', 'solvedLocal')}, s.solved_unix AS solvedUnix, h.tier,
            ${isTimestamp('contest_participant', 'last_solved_at')} AS isInstant
       FROM contest_participant cp
       LEFT JOIN frozen_score s ON s.contest_id = cp.contest_id AND s.freeze_no = ? AND s.player_id = cp.player_id
       LEFT JOIN frozen_player h ON h.contest_id = cp.contest_id AND h.freeze_no = ? AND h.player_id = cp.player_id
      WHERE cp.contest_id = ? AND (s.player_id IS NOT NULL OR h.player_id IS NOT NULL)
        ${players === 'all' ? '' : ' AND cp.player_id IN (?)'}`,
    [freezeNo, freezeNo, contestId, ...(players === 'all' ? [] : [[...players]])],
  );
  return new Map(rows.map((row) => [row.playerId, heldOf(row, clock)]));
}

function heldOf(row: RawHeld, clock: PlatformClock): HeldScore {
  const tier = Number(row.hasPlayer) === 1 ? { tier: TIERS.find((known) => known === row.tier) ?? null } : {};
  if (Number(row.hasScore) !== 1) return tier;
  const unix = row.solvedUnix === null ? null : new Date(Number(row.solvedUnix) * 1000);
  const solvedAt = Number(row.isInstant) === 1 ? unix : clock.instant(row, 'solvedLocal');
  const score = {
    mode: MODES.find((mode) => mode === row.mode) ?? null,
    finalRating: Number(row.finalRating),
    problemsSolved: Math.max(0, Number(row.problemsSolved)),
    penaltyMins: Math.max(0, Number(row.penaltyMins)),
    lastSolvedAt: solvedAt?.toISOString() ?? null,
  } satisfies Required<Omit<HeldScore, 'tier'>>;
  return { ...score, ...tier };
}

/** Reads all participants whose rows cannot be shown, by contest. Reads every participant: not for regular polls. */
export async function readUnshowable(database: Pick<Queries, 'query'>): Promise<Map<string, Unshowable[]>> {
  const rows = await database.query<RawScore & { readonly contestId: number | string }>(
    `SELECT cp.contest_id AS contestId, ${SCORE_FIELDS.map((field) => `${SCORE_SQL[field].sql} AS ${field}`).join(', ')}
       FROM ${SCORE_TABLES} WHERE NOT (${isShowableId('cp.player_id')} AND cp.problems_solved BETWEEN 0 AND ${MAX_INT}
         AND cp.penalty_mins BETWEEN 0 AND ${MAX_INT} AND ABS(cp.final_rating) <= 1e300
         AND cp.problems_solved = FLOOR(cp.problems_solved) AND cp.penalty_mins = FLOOR(cp.penalty_mins))`,
  );
  const contests = new Map<string, Unshowable[]>();
  for (const { contestId, ...row } of rows) {
    const reason = reasonAgainst(scoreOf(row, NO_CLOCK));
    if (reason === undefined) continue;
    const found = contests.get(String(contestId)) ?? [];
    found.push({ playerId: String(row.playerId), reason });
    contests.set(String(contestId), found);
  }
  return contests;
}

/** Reads a checksum of all scores per contest; contests without participants are missing. */
export async function readContestChecksums(
  database: Pick<Queries, 'query'>,
  contestIds: readonly number[],
): Promise<Map<number, string>> {
  if (contestIds.length === 0) return new Map();
  const rows = await database.query<{ id: number; players: number; sum: string; last: Date | null }>(
    `SELECT cp.contest_id AS id, COUNT(*) AS players, SUM(${CHECKSUM}) AS sum, MAX(cp.last_solved_at) AS last
       FROM ${SCORE_TABLES}
      WHERE cp.contest_id IN (?) GROUP BY cp.contest_id`,
    [contestIds],
  );
  return new Map(rows.map(({ id, players, sum, last }) => [id, `${players}/${sum}/${kindOf(last)}`]));
}

/** Reads a checksum of each player's score in a contest, by player. */
export async function readPlayerChecksums(
  database: Pick<Queries, 'query'>,
  contestId: number,
): Promise<Map<number, number>> {
  const rows = await database.query<{ playerId: number; checksum: number; last: Date | null }>(
    `SELECT cp.player_id AS playerId, ${CHECKSUM} AS checksum, cp.last_solved_at AS last FROM ${SCORE_TABLES} WHERE cp.contest_id = ?`,
    [contestId],
  );
  return new Map(rows.map(({ playerId, checksum, last }) => [playerId, 2 * Number(checksum) + kindOf(last)]));
}

/** Checksum of each participant's result, by player. */
export type ResultChecksums = ReadonlyMap<number | string, number>;

/** Reads the checksum of each result in a contest, of all participants or of some. */
export async function readResultChecksums(
  database: Pick<Queries, 'query'>,
  contestId: number,
  players: ReadonlySet<number> | 'all',
): Promise<ResultChecksums> {
  if (players !== 'all' && players.size === 0) return new Map();
  const rows = await database.query<{ playerId: number | string; checksum: number }>(
    `SELECT cp.player_id AS playerId, ${RESULT_CHECKSUM} AS checksum FROM contest_participant cp
      WHERE cp.contest_id = ?${players === 'all' ? '' : ' AND cp.player_id IN (?)'}`,
    players === 'all' ? [contestId] : [contestId, [...players]],
  );
  return new Map(rows.map(({ playerId, checksum }) => [playerId, Number(checksum)]));
}

/** Reads whether these are the checksums of all results in a contest. */
export async function areAllResults(
  database: Pick<Queries, 'query'>,
  contestId: number,
  results: ResultChecksums,
): Promise<boolean> {
  const [row] = await database.query<{ count: number; sum: string | null }>(
    `SELECT COUNT(*) AS count, SUM(${RESULT_CHECKSUM}) AS sum FROM contest_participant cp WHERE cp.contest_id = ?`,
    [contestId],
  );
  let sum = 0;
  for (const checksum of results.values()) sum += checksum;
  return Number(row?.count) === results.size && Number(row?.sum ?? 0) === sum;
}

/** 1: an instant, 0: a local time, or none. A column whose type changes may keep its text, and means another time. */
function kindOf(time: Date | null): 0 | 1 {
  return time instanceof Timestamp ? 1 : 0;
}

/** @returns undefined when there is no such contest */
export async function readContestState(
  database: Pick<Queries, 'query'>,
  contestId: number,
): Promise<ContestState | undefined> {
  const [contest] = await database.query<{ title: string | null; status: string; frozen: number }>(
    `SELECT c.title, c.status, ${IS_FROZEN} AS frozen FROM contest c WHERE c.id = ?`,
    [contestId],
  );
  if (!contest) return undefined;
  return {
    title: truncate(contest.title ?? '', MAX_TITLE_LENGTH),
    live: contest.status === 'LIVE',
    frozen: Number(contest.frozen) === 1,
  };
}

/** Maps whatever the platform's columns hold to a row that can be published. */
function scoreOf(row: RawScore, clock: Pick<PlatformClock, 'instant'>): Score {
  return {
    playerId: row.playerId,
    playerName: truncate(row.playerName ?? '', MAX_NAME_LENGTH) || `Player ${row.playerId}`,
    picture: row.picture !== null && row.picture.length <= MAX_PICTURE_LENGTH ? row.picture : null,
    tier: TIERS.find((tier) => tier === row.tier) ?? null,
    mode: MODES.find((mode) => mode === row.mode) ?? null,
    finalRating: Number(row.finalRating),
    problemsSolved: Math.max(0, Number(row.problemsSolved)),
    penaltyMins: Math.max(0, Number(row.penaltyMins)),
    lastSolvedAt: clock.instant(row, 'lastSolvedAt')?.toISOString() ?? null,
  };
}
