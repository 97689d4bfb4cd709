import type { Queries } from '../db/database.ts';
import type { Standing } from '../protocol/board.ts';
import { shortened } from '../util/shortened.ts';
import type { PlatformClock } from './clock.ts';

interface RawScore {
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

/** A row of a leaderboard without its rank: the rank follows from all rows together. */
export type Score = Omit<Standing, 'rank'>;

/** What a contest itself says of its standings. */
export interface ContestState {
  readonly title: string;
  readonly live: boolean;
  readonly frozen: boolean;
}

const NAME_LENGTH = 100;
const TITLE_LENGTH = 200;
const LONGEST_PICTURE = 2048;
const TIERS = ['BRONZE', 'SILVER', 'GOLD'] as const;
const MODES = ['PRECISION', 'GRINDER', 'LEGEND'] as const;

/** The scores in a contest as the platform has them now: of everybody, or of some players, by player. */
export async function readScores(
  database: Pick<Queries, 'query'>,
  contestId: number,
  players: ReadonlySet<number> | 'all',
  clock: PlatformClock,
): Promise<Map<number, Score>> {
  if (players !== 'all' && players.size === 0) return new Map();
  const rows = await database.query<RawScore>(
    `SELECT cp.player_id AS playerId, u.name AS playerName, u.profile_picture AS picture, p.tier, cp.mode,
            cp.final_rating AS finalRating, cp.problems_solved AS problemsSolved, cp.penalty_mins AS penaltyMins,
            ${clock.sql('cp.last_solved_at')} AS lastSolvedAt
       FROM contest_participant cp JOIN player p ON p.id = cp.player_id JOIN users u ON u.id = p.user_id
      WHERE cp.contest_id = ?${players === 'all' ? '' : ' AND cp.player_id IN (?)'}`,
    players === 'all' ? [contestId] : [contestId, [...players]],
  );
  return new Map(rows.map((row) => [row.playerId, scoreOf(row, clock)]));
}

/** @returns undefined when there is no such contest */
export async function readContestState(
  database: Pick<Queries, 'query'>,
  contestId: number,
): Promise<ContestState | undefined> {
  const [contest] = await database.query<{ title: string | null; status: string; frozen: number }>(
    'SELECT title, status, leaderboard_frozen + 0 AS frozen FROM contest WHERE id = ?',
    [contestId],
  );
  if (!contest) return undefined;
  return {
    title: shortened(contest.title ?? '', TITLE_LENGTH),
    live: contest.status === 'LIVE',
    frozen: Number(contest.frozen) === 1,
  };
}

/** Whatever the platform's columns hold becomes a row that can be published. */
function scoreOf(row: RawScore, clock: PlatformClock): Score {
  return {
    playerId: row.playerId,
    playerName: shortened(row.playerName ?? '', NAME_LENGTH) || `Player ${row.playerId}`,
    picture: row.picture !== null && row.picture.length <= LONGEST_PICTURE ? row.picture : null,
    tier: TIERS.find((tier) => tier === row.tier) ?? null,
    mode: MODES.find((mode) => mode === row.mode) ?? null,
    finalRating: Number(row.finalRating),
    problemsSolved: Math.max(0, Number(row.problemsSolved)),
    penaltyMins: Math.max(0, Number(row.penaltyMins)),
    lastSolvedAt: clock.instant(row.lastSolvedAt)?.toISOString() ?? null,
  };
}
