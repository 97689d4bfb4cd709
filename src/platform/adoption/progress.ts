import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { isRetryable, MigrationError } from '../../db/errors.ts';

/** An id of an old table; text beyond 2^53. */
export type OldId = number | string;

/** So many rows of an old table, taken over in one transaction. */
export interface Page {
  /** The id of its last row. */
  readonly through: OldId;
  /** How many rows it has. */
  readonly rows: number;
  /** Copies them, in a transaction of the caller. */
  copy(): Promise<Copied>;
}

export interface Copied {
  readonly rows: number;
  /** The position in the log of the last of them, where they are in the log. */
  readonly lastId?: number;
}

/** What was taken over from one table. */
export interface Adopted {
  /** The table, under the name it is kept as. */
  readonly source: string;
  readonly copied: number;
  /** Rows that are in that table alone: those of players that there are not, or of actions that there are not. */
  readonly leftOut: number;
}

/** How often one page is tried at most. */
const ATTEMPTS = 6;

/** Makes the table in which it is written down how far each old table was copied. */
export async function createAdoptionTable(connection: Connection): Promise<void> {
  await connection.query(
    `CREATE TABLE IF NOT EXISTS live_adoption (
      source VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
      copied_through BIGINT,
      copied BIGINT NOT NULL DEFAULT 0,
      left_out BIGINT NOT NULL DEFAULT 0,
      last_id BIGINT,
      started_at DATETIME(3) NOT NULL,
      finished_at DATETIME(3)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  );
}

/** How far each table was copied, by the name it is kept as. */
export async function readAdoptions(
  connection: Connection,
): Promise<Map<string, { readonly through: OldId | null; readonly finished: boolean }>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT source, copied_through AS through, finished_at IS NOT NULL AS finished FROM live_adoption',
  );
  return new Map(
    rows.map(({ source, through, finished }) => [source, { through, finished: finished === 1 }]),
  );
}

/**
 * Copies a table page by page, from where the last run was stopped. How far it came is written down in each page's
 * transaction.
 *
 * @param readPage the rows after an id, in the order of their ids; undefined when there are no more
 * @param onPage is told how many rows were copied so far
 */
export async function adopt(
  connection: Connection,
  source: string,
  readPage: (after: OldId | null) => Promise<Page | undefined>,
  onPage: (copied: number) => void = () => {},
): Promise<Adopted> {
  await connection.query(
    'INSERT IGNORE INTO live_adoption (source, started_at) VALUES (?, UTC_TIMESTAMP(3))',
    [source],
  );
  for (;;) {
    const { after, copied, leftOut } = await readProgress(connection, source);
    const page = await readPage(after);
    if (page === undefined) {
      await connection.query('UPDATE live_adoption SET finished_at = UTC_TIMESTAMP(3) WHERE source = ?', [
        source,
      ]);
      return { source, copied, leftOut };
    }
    const done = await inTransaction(connection, async () => {
      const result = await page.copy();
      await writeProgress(connection, source, after, page, result);
      return result;
    });
    onPage(copied + done.rows);
  }
}

async function readProgress(
  connection: Connection,
  source: string,
): Promise<{ after: OldId | null; copied: number; leftOut: number }> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT copied_through AS after, copied, left_out AS leftOut FROM live_adoption WHERE source = ?',
    [source],
  );
  const row = rows[0];
  return { after: row?.after ?? null, copied: Number(row?.copied ?? 0), leftOut: Number(row?.leftOut ?? 0) };
}

async function writeProgress(
  connection: Connection,
  source: string,
  after: OldId | null,
  page: Page,
  { rows, lastId }: Copied,
): Promise<void> {
  const [{ affectedRows }] = await connection.query<ResultSetHeader>(
    `UPDATE live_adoption SET copied_through = ?, copied = copied + ?, left_out = left_out + ?,
            last_id = COALESCE(?, last_id)
      WHERE source = ? AND copied_through <=> ? AND finished_at IS NULL`,
    [page.through, rows, page.rows - rows, lastId ?? null, source, after],
  );
  // The lock goes with the connection, which a server may end while this process still believes in it.
  if (affectedRows !== 1) throw new MigrationError(`Another process copies ${source} at this moment.`);
}

async function inTransaction<T>(connection: Connection, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.query('START TRANSACTION');
      const result = await run();
      await connection.query('COMMIT');
      return result;
    } catch (error) {
      // What went wrong is told by `error`, whatever the rollback says.
      await connection.query('ROLLBACK').catch(() => {});
      if (!isRetryable(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
