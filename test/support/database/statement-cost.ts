import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What a statement is planned to read, and what it reads. */
export interface StatementCost {
  /** Tables that it is planned to scan as a whole, by their names in the statement. */
  readonly scanned: readonly string[];
  /** Rows of the table of which it is planned to read most. */
  readonly planned: number;
  /** Rows read, where more are planned than `bound`: a LIMIT can end the reading early, and plans do not show that. */
  readonly read: number | undefined;
}

/** Tables of so few rows are scanned without being reported. */
const SMALL_TABLE = 200;

/**
 * Examines a statement on a connection of its own; what it would change is rolled back. A SET of user variables counts as a
 * SELECT of the same expressions.
 *
 * @returns undefined where it reads no table of the database
 */
export async function costOf(
  connection: Connection,
  statement: string,
  bound: number,
): Promise<StatementCost | undefined> {
  const sql = readingPart(statement);
  if (sql === undefined) return undefined;
  const [plan] = await connection.query<RowDataPacket[]>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`);
  const tables = plan.filter(({ table }) => typeof table === 'string');
  if (tables.length === 0) return undefined;
  const planned = Math.max(...tables.map(({ rows }) => Number(rows ?? 0)));
  const scanned = tables
    .filter(({ type, rows, table }) => type === 'ALL' && Number(rows) > SMALL_TABLE && !table.startsWith('<'))
    .map(({ table }) => String(table));
  if (planned <= bound) return { scanned, planned, read: undefined };
  return { scanned, planned, read: await rowsRead(connection, sql) };
}

function readingPart(statement: string): string | undefined {
  if (/information_schema|performance_schema|\bLIMIT 0$/i.test(statement)) return undefined;
  if (/^\(?\s*(?:SELECT|WITH|UPDATE|DELETE)\b/i.test(statement)) return statement;
  if (/^(?:INSERT|REPLACE)\b/i.test(statement) && /\bSELECT\b/i.test(statement)) return statement;
  if (/^SET @/i.test(statement) && /\bSELECT\b/i.test(statement))
    return statement.replace(/^SET @\w+ =/i, 'SELECT');
  return undefined;
}

async function rowsRead(connection: Connection, sql: string): Promise<number> {
  const before = await handlerReads(connection);
  await connection.query('START TRANSACTION');
  try {
    await connection.query(sql);
  } finally {
    await connection.query('ROLLBACK');
  }
  return (await handlerReads(connection)) - before;
}

async function handlerReads(connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
  return rows
    .filter(({ Variable_name: name }) => /_(?:key|next|prev|rnd_next|first|last)$/.test(name))
    .reduce((sum, { Value }) => sum + Number(Value), 0);
}
