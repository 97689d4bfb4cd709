import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { isRetryable, MigrationError } from '../../db/errors.ts';

/** Id of an old table; a string above 2^53. */
export type OldId = number | string;

/** Rows of an old table that are copied in one transaction. */
export interface Page {
  /** Id of the last row. */
  readonly through: OldId;
  /** Number of rows. */
  readonly rows: number;
  /** Copies them, in the caller's transaction. */
  copy(): Promise<Copied>;
}

export interface Copied {
  readonly rows: number;
  /** Log position of the last one; left out for rows that are not in the log. */
  readonly lastId?: number;
}

/** Result of the copy of one table. */
export interface Adopted {
  /** Table, by the name it is kept as. */
  readonly source: string;
  readonly copied: number;
  /** Rows that were not copied, since their player or action does not exist. */
  readonly leftOut: number;
}

/** Max attempts per page. */
const MAX_ATTEMPTS = 6;

/** Creates the table that records how far each old table was copied. */
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

/** Reads how far each table was copied, by the name it is kept as. */
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
 * Copies a table page by page, from where the last run stopped. Progress is recorded in the transaction of each page.
 *
 * @param readPage rows after an id, ordered by id; undefined when there are no more
 * @param onPage called with the number of rows copied so far
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
  // The lock is lost with the connection, which the server may have closed without this process knowing.
  if (affectedRows !== 1)
    throw new MigrationError(`Another process is copying ${source}. Try again when it is done.`);
}

async function inTransaction<T>(connection: Connection, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.query('START TRANSACTION');
      const result = await run();
      await connection.query('COMMIT');
      return result;
    } catch (error) {
      // The cause is `error`, whatever the rollback reports.
      await connection.query('ROLLBACK').catch(() => {});
      if (!isRetryable(error) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
