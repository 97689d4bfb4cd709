import { format } from 'mysql2';
import type { Queries } from '../../db/database.ts';
import type { Precondition } from '../../log/append-statement.ts';
import type { Cell } from '../../protocol/cells.ts';
import { chunk, chunkByBytes } from '../../util/chunk.ts';

/** Whose cells: what players are shown, or what admins see. */
export type CellsAudience = 'shown' | 'real';

/** Cells of a contest as they are stored. */
export interface StoredCells {
  readonly version: number;
  readonly problems: readonly number[];
  /** JSON of each player's cells. */
  readonly rows: ReadonlyMap<number, string>;
}

/** Change of stored cells. */
export interface CellsChange {
  readonly problems: readonly number[];
  /** JSON of each player's cells. */
  readonly changed: readonly (readonly [playerId: number, cells: string])[];
  readonly removed: readonly number[];
}

/** Max rows per statement. */
const MAX_ROWS = 500;

/** Reads the version of a contest's cells; undefined where they were never requested. */
export async function readCellsVersion(
  database: Pick<Queries, 'query'>,
  contestId: number,
  audience: CellsAudience,
): Promise<number | undefined> {
  const [head] = await database.query<{ version: number }>(
    'SELECT version FROM cells_head WHERE contest_id = ? AND audience = ?',
    [contestId, audience],
  );
  return head && Number(head.version);
}

/**
 * Reads the cells of a contest at exactly one version: in one statement, so that it needs no lock and waits for none.
 * @param players only the rows of these; left out: all
 */
export async function readStoredCells(
  database: Pick<Queries, 'query'>,
  contestId: number,
  audience: CellsAudience,
  players?: ReadonlySet<number>,
): Promise<StoredCells | undefined> {
  type Row = { version: number; problems: string } | { version: null; playerId: number; cells: string };
  const rows = await database.query<Row>(
    `SELECT version, problems, NULL AS playerId, NULL AS cells FROM cells_head WHERE contest_id = ? AND audience = ?
      UNION ALL SELECT NULL, NULL, player_id, cells FROM cells_row
       WHERE contest_id = ? AND audience = ? ${players ? 'AND player_id IN (?)' : ''}`,
    [contestId, audience, contestId, audience, ...(players ? [[...players, 0]] : [])],
  );
  let head: Pick<StoredCells, 'version' | 'problems'> | undefined;
  const cells = new Map<number, string>();
  for (const row of rows)
    if (row.version === null) cells.set(Number(row.playerId), row.cells);
    else head = { version: Number(row.version), problems: JSON.parse(row.problems) as number[] };
  return head && { ...head, rows: cells };
}

/** Statement that creates the head of a contest's cells; affects no row where another node was faster. */
export function createHead(contestId: number, audience: CellsAudience, problems: readonly number[]): string {
  return format(
    'INSERT IGNORE INTO cells_head (contest_id, audience, version, problems, changed_at) VALUES (?, ?, 1, ?, UTC_TIMESTAMP(3))',
    [contestId, audience, JSON.stringify(problems)],
  );
}

/** Advances the cells by one version; affects no row where another publisher was faster. */
export function advanceCells(
  contestId: number,
  audience: CellsAudience,
  version: number,
  { problems, changed, removed }: CellsChange,
): Precondition[] {
  return [
    {
      sql: format(
        `UPDATE cells_head SET version = version + 1, problems = ?, changed_at = UTC_TIMESTAMP(3)
          WHERE contest_id = ? AND audience = ? AND version = ?`,
        [JSON.stringify(problems), contestId, audience, version],
      ),
      expectedRows: 1,
      rows: format('cells_head WHERE contest_id = ? AND audience = ?', [contestId, audience]),
    },
    ...upsertCells(contestId, audience, changed).map((sql) => ({ sql })),
    ...chunk(removed, MAX_ROWS).map((page) => ({
      sql: format('DELETE FROM cells_row WHERE contest_id = ? AND audience = ? AND player_id IN (?)', [
        contestId,
        audience,
        page,
      ]),
    })),
  ];
}

export function upsertCells(
  contestId: number,
  audience: CellsAudience,
  rows: CellsChange['changed'],
): string[] {
  const values = rows.map(([playerId, cells]) => format('(?)', [[contestId, audience, playerId, cells]]));
  return chunkByBytes(values, (value) => value, { maxItems: MAX_ROWS }).map(
    (page) =>
      `INSERT INTO cells_row (contest_id, audience, player_id, cells) VALUES ${page.join(', ')}
        ON DUPLICATE KEY UPDATE cells = VALUES(cells)`,
  );
}

/** A contest whose cells were requested and may still change, for one audience. */
export interface PolledCells {
  readonly contestId: number;
  readonly audience: CellsAudience;
  /** Whether the contest no longer exists. */
  readonly gone: boolean;
  /** Whether the platform has its standings frozen. */
  readonly frozen: boolean;
  /** State of its freeze: another text means that other submissions are hidden. */
  readonly freeze: string;
}

/** Reads the contests whose cells were requested and may still change, with their audiences. */
export async function readPolledCells(database: Pick<Queries, 'query'>): Promise<PolledCells[]> {
  const rows = await database.query<{
    contestId: number;
    audience: CellsAudience;
    gone: number;
    frozen: number;
    freeze: string;
  }>(
    `SELECT h.contest_id AS contestId, h.audience, c.id IS NULL AS gone, COALESCE(c.leaderboard_frozen, 0) AS frozen,
            CONCAT_WS('/', COALESCE(c.leaderboard_frozen, 0), f.freeze_no, f.frozen, f.revealed_at IS NULL) AS freeze
       FROM cells_head h LEFT JOIN contest c ON c.id = h.contest_id LEFT JOIN contest_freeze f ON f.contest_id = h.contest_id
      WHERE c.id IS NULL OR c.status IN ('UPCOMING', 'LIVE') OR h.changed_at > UTC_TIMESTAMP(3) - INTERVAL ${POLLED_HOURS} HOUR
         OR c.leaderboard_frozen`,
  );
  return rows.map((row) => ({
    ...row,
    contestId: Number(row.contestId),
    gone: Number(row.gone) === 1,
    frozen: Number(row.frozen) === 1,
  }));
}

/** How long the cells of a contest that is over are still polled after their last change, in hours. */
const POLLED_HOURS = 24;

/** Deletes the cells of a contest that no longer exists. */
export async function deleteCells(tx: Pick<Queries, 'execute'>, contestId: number): Promise<void> {
  for (const table of ['cells_head', 'cells_row'])
    await tx.execute(`DELETE FROM ${table} WHERE contest_id = ?`, [contestId]);
}

/** JSON of a player's cells as it is stored and sent. */
export function cellsJson(cells: readonly Cell[]): string {
  return JSON.stringify(cells);
}
