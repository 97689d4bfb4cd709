import { format } from 'mysql2';
import type { Queries, Transaction } from '../../db/database.ts';
import type { Precondition } from '../../log/append-statement.ts';
import { IS_FROZEN } from '../../platform/freeze.ts';
import { chunk } from '../../util/chunk.ts';
import type { OpenedProblems } from '../cells/player-cells.ts';

/** The last reveal of a contest. */
export interface StoredReveal {
  readonly freezeNo: number;
  /** The last step; 0: opened. */
  readonly step: number;
  /** Whether its freeze is over: everything is revealed, or the standings were unfrozen. */
  readonly finished: boolean;
}

/** What a step writes. */
export interface RevealStepRow {
  readonly contestId: number;
  readonly freezeNo: number;
  readonly step: number;
  readonly settledPlayer: number | null;
  /** JSON of what is published. */
  readonly data: string;
}

type Reads = Pick<Queries, 'query'>;

/** Max rows per statement. */
const MAX_ROWS = 1_000;
const TABLES = ['contest_reveal', 'contest_reveal_cell', 'contest_reveal_step'];

/** Reads the reveal of the present freeze, or of the last one; undefined where none was opened. */
export async function readReveal(database: Reads, contestId: number): Promise<StoredReveal | undefined> {
  const [row] = await database.query<{ freezeNo: number; step: number; finished: number }>(
    `SELECT r.freeze_no AS freezeNo, r.step, NOT (f.frozen AND ${IS_FROZEN}) AS finished
       FROM contest_freeze f JOIN contest_reveal r ON r.contest_id = f.contest_id AND r.freeze_no = f.freeze_no
       JOIN contest c ON c.id = f.contest_id
      WHERE f.contest_id = ?`,
    [contestId],
  );
  return (
    row && { freezeNo: Number(row.freezeNo), step: Number(row.step), finished: Number(row.finished) === 1 }
  );
}

/** Reads the JSON of what a step published. */
export async function readRevealStep(
  database: Reads,
  contestId: number,
  { freezeNo }: Pick<StoredReveal, 'freezeNo'>,
  step: number,
): Promise<string | undefined> {
  const [row] = await database.query<{ data: string }>(
    'SELECT data FROM contest_reveal_step WHERE contest_id = ? AND freeze_no = ? AND step = ?',
    [contestId, freezeNo, step],
  );
  return row?.data;
}

/** Cells of a contest that its reveal has opened. */
export interface OpenedCells {
  /** The last step that opened one, or revealed a total; 0: none did. */
  readonly step: number;
  /** Problems by player. */
  readonly problems: ReadonlyMap<number, OpenedProblems>;
}

/** Reads the cells that the reveal of the present freeze has opened. */
export async function readOpenedCells(database: Reads, contestId: number): Promise<OpenedCells> {
  const rows = await database.query<{ playerId: number; problemId: number | null; step: number }>(
    `SELECT rc.player_id AS playerId, rc.problem_id AS problemId, rc.step
       FROM contest_freeze f
       JOIN contest_reveal_cell rc ON rc.contest_id = f.contest_id AND rc.freeze_no = f.freeze_no
      WHERE f.contest_id = ? AND f.frozen AND rc.step IS NOT NULL
      UNION ALL
     SELECT rs.settled_player, NULL, rs.step
       FROM contest_freeze f
       JOIN contest_reveal_step rs ON rs.contest_id = f.contest_id AND rs.freeze_no = f.freeze_no
      WHERE f.contest_id = ? AND f.frozen AND rs.settled_player IS NOT NULL`,
    [contestId, contestId],
  );
  const problems = new Map<number, Set<number> | 'all'>();
  for (const { playerId, problemId } of rows) {
    const known = problems.get(Number(playerId)) ?? new Set();
    if (problemId === null || known === 'all') problems.set(Number(playerId), 'all');
    else problems.set(Number(playerId), known.add(Number(problemId)));
  }
  return { step: rows.reduce((last, { step }) => Math.max(last, Number(step)), 0), problems };
}

/** Reads the cells that are still hidden, by player, in the order of `problems`; unknown ones last, by id. */
export async function readHiddenCells(
  database: Reads,
  contestId: number,
  freezeNo: number,
  problems: readonly number[],
): Promise<Map<number, number[]>> {
  const rows = await database.query<{ playerId: number; problemId: number }>(
    `SELECT player_id AS playerId, problem_id AS problemId FROM contest_reveal_cell
      WHERE contest_id = ? AND freeze_no = ? AND step IS NULL`,
    [contestId, freezeNo],
  );
  const hidden = new Map<number, number[]>();
  for (const { playerId, problemId } of rows) {
    const known = hidden.get(Number(playerId));
    if (known) known.push(Number(problemId));
    else hidden.set(Number(playerId), [Number(problemId)]);
  }
  const place = new Map(problems.map((problemId, index) => [problemId, index]));
  const placeOf = (problemId: number) => place.get(problemId) ?? problems.length;
  for (const cells of hidden.values()) cells.sort((a, b) => placeOf(a) - placeOf(b) || a - b);
  return hidden;
}

/** Reads the players whose totals the reveal of a freeze has revealed. */
export async function readSettledPlayers(
  database: Reads,
  contestId: number,
  freezeNo: number,
): Promise<Set<number>> {
  const rows = await database.query<{ playerId: number }>(
    `SELECT settled_player AS playerId FROM contest_reveal_step
      WHERE contest_id = ? AND freeze_no = ? AND settled_player IS NOT NULL`,
    [contestId, freezeNo],
  );
  return new Set(rows.map(({ playerId }) => Number(playerId)));
}

/** Stores what a freeze hides, before its reveal is opened, and deletes reveals of earlier freezes. Idempotent. */
export async function storeHiddenCells(
  tx: Transaction,
  contestId: number,
  freezeNo: number,
  hidden: ReadonlyMap<number, Iterable<number>>,
): Promise<void> {
  for (const table of TABLES)
    await tx.execute(`DELETE FROM ${table} WHERE contest_id = ? AND freeze_no < ?`, [contestId, freezeNo]);
  const rows = [...hidden].flatMap(([playerId, problems]) =>
    [...problems].map((problemId) => [contestId, freezeNo, playerId, problemId]),
  );
  for (const page of chunk(rows, MAX_ROWS))
    await tx.execute(
      format(
        'INSERT IGNORE INTO contest_reveal_cell (contest_id, freeze_no, player_id, problem_id) VALUES ?',
        [page],
      ),
    );
}

/** Opens a reveal; affects no row where another caller has. */
export function openReveal(row: RevealStepRow): Precondition[] {
  return [
    {
      sql: format(
        `INSERT IGNORE INTO contest_reveal (contest_id, freeze_no, step, opened_at, changed_at)
         VALUES (?, ?, 0, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
        [row.contestId, row.freezeNo],
      ),
      expectedRows: 1,
    },
    storeStep(row),
  ];
}

/** Records a step and the cells that it opens; affects no row where another caller has taken it, or the freeze is over. */
export function advanceReveal(
  row: RevealStepRow,
  opened: { readonly playerId: number; readonly problems: readonly number[] } | undefined,
): Precondition[] {
  const { contestId, freezeNo, step } = row;
  const problems = [...(opened?.problems ?? [])];
  return [
    duringFreeze(contestId, freezeNo),
    {
      sql: format(
        `UPDATE contest_reveal SET step = ?, changed_at = UTC_TIMESTAMP(3)
          WHERE contest_id = ? AND freeze_no = ? AND step = ?`,
        [step, contestId, freezeNo, step - 1],
      ),
      expectedRows: 1,
      rows: format('contest_reveal WHERE contest_id = ? AND freeze_no = ?', [contestId, freezeNo]),
    },
    storeStep(row),
    ...(problems.length === 0
      ? []
      : [
          {
            sql: format(
              `UPDATE contest_reveal_cell SET step = ?
                WHERE contest_id = ? AND freeze_no = ? AND player_id = ? AND problem_id IN (?) AND step IS NULL`,
              [step, contestId, freezeNo, opened?.playerId ?? 0, problems],
            ),
            expectedRows: problems.length,
          },
        ]),
  ];
}

/** Records that everything is revealed: the contest then counts as not frozen. Affects no row where its freeze is over. */
export function finishReveal(contestId: number, freezeNo: number): Precondition {
  return {
    sql: format(
      `UPDATE contest_freeze SET revealed_at = UTC_TIMESTAMP(3)
        WHERE contest_id = ? AND freeze_no = ? AND frozen AND revealed_at IS NULL`,
      [contestId, freezeNo],
    ),
    expectedRows: 1,
    rows: format('contest_freeze WHERE contest_id = ?', [contestId]),
  };
}

/** Changes nothing; affects no row where the freeze is over. */
function duringFreeze(contestId: number, freezeNo: number): Precondition {
  return {
    sql: format(
      `UPDATE contest_freeze SET revealed_at = NULL
        WHERE contest_id = ? AND freeze_no = ? AND frozen AND revealed_at IS NULL`,
      [contestId, freezeNo],
    ),
    expectedRows: 1,
    rows: format('contest_freeze WHERE contest_id = ?', [contestId]),
  };
}

/** Deletes the reveals of a contest that no longer exists. */
export async function deleteReveals(tx: Pick<Queries, 'execute'>, contestId: number): Promise<void> {
  for (const table of TABLES) await tx.execute(`DELETE FROM ${table} WHERE contest_id = ?`, [contestId]);
}

function storeStep({ contestId, freezeNo, step, settledPlayer, data }: RevealStepRow): Precondition {
  return {
    sql: format(
      `INSERT INTO contest_reveal_step (contest_id, freeze_no, step, settled_player, data) VALUES (?, ?, ?, ?, ?)`,
      [contestId, freezeNo, step, settledPlayer, data],
    ),
  };
}
