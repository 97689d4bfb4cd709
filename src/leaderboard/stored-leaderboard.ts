import type { Queries } from '../db/database.ts';
import { standingsRow } from '../db/schema.ts';
import { IS_FROZEN } from '../platform/freeze.ts';
import { SCORE_FIELDS, type Score } from '../platform/scores.ts';
import type { LeaderboardRow } from '../protocol/leaderboard.ts';
import { stepOf } from './step.ts';

/** Whose rows of a leaderboard: what players are shown, or what admins see while that is frozen. */
export type Audience = 'shown' | 'real';

/** Published versions of a leaderboard. */
export interface LeaderboardHead {
  /** What admins see. */
  readonly version: number;
  /** What players are shown; the same unless it is frozen. */
  readonly shownVersion: number;
  readonly frozen: boolean;
}

/** Published leaderboard, complete. */
export interface StoredLeaderboard {
  readonly head: LeaderboardHead;
  /** Best first, ranked. */
  readonly order: readonly LeaderboardRow[];
  /** Rank at which an unpublished rank change began, by player; 0: unranked. */
  readonly pending: ReadonlyMap<number, number>;
}

interface RawHead {
  readonly version: number;
  readonly shownVersion: number;
  readonly frozen: number;
}

interface RawScore extends Omit<Score, 'lastSolvedAt'> {
  readonly lastSolvedAt: Date | null;
  readonly pendingFrom: number | null;
}

/** A row together with its head; of a leaderboard without rows, the head alone. */
type RawRow = RawHead & (RawScore | { readonly [K in keyof RawScore]: null });

/** Column of `standings_row` for every field of a score. */
export const SCORE_COLUMNS: Readonly<Record<keyof Score, string>> = {
  playerId: standingsRow.playerId.name,
  playerName: standingsRow.playerName.name,
  picture: standingsRow.picture.name,
  tier: standingsRow.tier.name,
  mode: standingsRow.mode.name,
  finalRating: standingsRow.finalRating.name,
  problemsSolved: standingsRow.problemsSolved.name,
  penaltyMins: standingsRow.penaltyMins.name,
  lastSolvedAt: standingsRow.lastSolvedAt.name,
};

const ROW_COLUMNS = SCORE_FIELDS.map((field) => `r.${SCORE_COLUMNS[field]} AS ${field}`).join(', ');

/** How long a contest that is over is still polled after its last change. */
const POLLED_AFTER_END = 'INTERVAL 15 MINUTE';
/** SQL: contest `c`, its leaderboard `b` and its announced state `a`, which the next two refer to. */
export const LEADERBOARD_JOINS = `contest c LEFT JOIN standings_board b ON b.contest_id = c.id
  LEFT JOIN contest_announced a ON a.contest_id = c.id`;
/** SQL: whether the contest is not over by the contest clock, whatever the platform's status is. */
export const IS_ONGOING = `NOT (a.contest_id IS NOT NULL AND a.status = 'OVER' AND a.announced_at < UTC_TIMESTAMP(3) - ${POLLED_AFTER_END})`;
/** SQL: whether an existing leaderboard is polled for changes. */
export const IS_POLLED = `((c.status IN ('LIVE', 'UPCOMING') AND ${IS_ONGOING}) OR b.frozen <> ${IS_FROZEN}
  OR b.changed_at > UTC_TIMESTAMP(3) - ${POLLED_AFTER_END})`;

/** @returns undefined when the contest's leaderboard was not created yet */
export async function readLeaderboardHead(
  database: Pick<Queries, 'query'>,
  contestId: number,
): Promise<(LeaderboardHead & { readonly polled: boolean }) | undefined> {
  const [head] = await database.query<RawHead & { polled: number | null }>(
    `SELECT b.version, b.shown_version AS shownVersion, b.frozen, ${IS_POLLED} AS polled
       FROM standings_board b LEFT JOIN contest c ON c.id = b.contest_id
       LEFT JOIN contest_announced a ON a.contest_id = b.contest_id WHERE b.contest_id = ?`,
    [contestId],
  );
  return head && { ...headOf(head), polled: Number(head.polled) === 1 };
}

/**
 * Reads a published leaderboard at exactly one version: in one statement, so that it needs no lock and waits for none.
 * @param audience left out: what admins see
 */
export async function readStoredLeaderboard(
  database: Pick<Queries, 'query'>,
  contestId: number,
  audience?: Audience,
): Promise<StoredLeaderboard | undefined> {
  const rows = await database.query<RawRow>(
    `SELECT b.version, b.shown_version AS shownVersion, b.frozen, ${ROW_COLUMNS}, r.told_from AS pendingFrom
       FROM standings_board b LEFT JOIN standings_row r ON r.contest_id = b.contest_id
        AND r.audience = ${audience === undefined ? "IF(b.frozen, 'real', 'shown')" : '?'}
      WHERE b.contest_id = ?`,
    audience === undefined ? [contestId] : [audience, contestId],
  );
  const [first] = rows;
  if (!first) return undefined;
  const pending = new Map<number, number>();
  const scores = new Map<number, Score>();
  for (const { version: _, shownVersion: __, frozen: ___, pendingFrom, ...row } of rows) {
    if (row.playerId === null) continue;
    if (pendingFrom !== null) pending.set(row.playerId, pendingFrom);
    scores.set(row.playerId, { ...row, lastSolvedAt: row.lastSolvedAt?.toISOString() ?? null });
  }
  return { head: headOf(first), order: stepOf([], scores).order, pending };
}

function headOf({ version, shownVersion, frozen }: RawHead): LeaderboardHead {
  return { version: Number(version), shownVersion: Number(shownVersion), frozen: Number(frozen) === 1 };
}
