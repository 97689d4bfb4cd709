import type { Queries, Transaction } from '../db/database.ts';
import type { Standing } from '../protocol/board.ts';
import { stepOf } from './step.ts';

/** Which of a contest's boards: what players are shown, or what admins see while that is frozen. */
export type Audience = 'shown' | 'real';

/** What is known of a published board besides its rows. */
export interface BoardHead {
  /** Of what admins see. */
  readonly version: number;
  /** Of what players are shown: the same, unless it is frozen. */
  readonly shownVersion: number;
  readonly frozen: boolean;
}

/** A published board, whole. */
export interface StoredBoard {
  readonly head: BoardHead;
  /** Best first, ranked. */
  readonly order: readonly Standing[];
  /** Whose move is still to be told, and from which rank; 0: from none. */
  readonly told: ReadonlyMap<number, number>;
}

interface RawHead {
  readonly version: number;
  readonly shownVersion: number;
  readonly frozen: number;
}

interface RawRow extends Omit<Standing, 'rank' | 'lastSolvedAt'> {
  readonly lastSolvedAt: Date | null;
  readonly toldFrom: number | null;
}

const HEAD = `SELECT version, shown_version AS shownVersion, frozen FROM standings_board WHERE contest_id = ?`;

/** For so long after its last change a contest that is over is still looked at. */
const LATE = 'INTERVAL 15 MINUTE';
/** SQL for what the two below are about: contest `c`, its board `b`, and what was told of it, `a`. */
export const WITH_BOARDS = `contest c LEFT JOIN standings_board b ON b.contest_id = c.id
  LEFT JOIN contest_announced a ON a.contest_id = c.id`;
/** SQL: whether it is not over by the contest clock, whatever the platform's row still says. */
export const IS_GOING_ON = `NOT (a.contest_id IS NOT NULL AND a.status = 'OVER' AND a.announced_at < UTC_TIMESTAMP(3) - ${LATE})`;
/** SQL: whether it is looked for changes of a board that is there. */
export const IS_WATCHED = `((c.status IN ('LIVE', 'UPCOMING') AND ${IS_GOING_ON}) OR b.frozen <> c.leaderboard_frozen
  OR b.changed_at > UTC_TIMESTAMP(3) - ${LATE})`;

/** @returns undefined when the contest's board was never needed so far */
export async function readBoardHead(
  database: Pick<Queries, 'query'>,
  contestId: number,
): Promise<(BoardHead & { readonly watched: boolean }) | undefined> {
  const [head] = await database.query<RawHead & { watched: number | null }>(
    `SELECT b.version, b.shown_version AS shownVersion, b.frozen, ${IS_WATCHED} AS watched
       FROM standings_board b LEFT JOIN contest c ON c.id = b.contest_id
       LEFT JOIN contest_announced a ON a.contest_id = b.contest_id WHERE b.contest_id = ?`,
    [contestId],
  );
  return head && { ...headOf(head), watched: Number(head.watched) === 1 };
}

/**
 * A published board at exactly one version: the lock lets no change of it be half-way.
 * @param audience left out: what admins see
 */
export async function readBoard(
  tx: Transaction,
  contestId: number,
  audience?: Audience,
): Promise<StoredBoard | undefined> {
  const [raw] = await tx.query<RawHead>(`${HEAD} LOCK IN SHARE MODE`, [contestId]);
  if (!raw) return undefined;
  const head = headOf(raw);
  const rows = await tx.query<RawRow>(
    `SELECT player_id AS playerId, player_name AS playerName, picture, tier, mode, final_rating AS finalRating,
            problems_solved AS problemsSolved, penalty_mins AS penaltyMins, last_solved_at AS lastSolvedAt,
            told_from AS toldFrom
       FROM standings_row WHERE contest_id = ? AND audience = ?`,
    [contestId, audience ?? (head.frozen ? 'real' : 'shown')],
  );
  const told = new Map<number, number>();
  const scores = new Map(
    rows.map(({ toldFrom, ...row }) => {
      if (toldFrom !== null) told.set(row.playerId, toldFrom);
      const lastSolvedAt = row.lastSolvedAt?.toISOString() ?? null;
      return [row.playerId, { ...row, lastSolvedAt }] as const;
    }),
  );
  return { head, order: stepOf([], scores).order, told };
}

function headOf({ version, shownVersion, frozen }: RawHead): BoardHead {
  return { version: Number(version), shownVersion: Number(shownVersion), frozen: Number(frozen) === 1 };
}
