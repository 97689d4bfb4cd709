import type { Connection, RowDataPacket } from 'mysql2/promise';
import { readColumns } from '../tables/create.ts';
import { TRIGGERS } from './all.ts';
import { TriggerError } from './trigger-error.ts';

const OUTBOX = 'event_outbox';
const OUTBOX_COLUMNS = ['type', 'payload', 'idempotency_key', 'created_at', 'frozen'];

/**
 * Asserts that the outbox and all columns that the triggers read exist.
 *
 * @throws TriggerError that names everything missing.
 */
export async function assertPrerequisites(connection: Connection): Promise<void> {
  const tables = await readColumns(connection);
  if (!tables.has(OUTBOX)) {
    throw new TriggerError(
      `This database has no ${OUTBOX} yet: run \`codecraft-live migrate\` first. Nothing was changed.`,
    );
  }
  const lacking = await findMissing(connection, tables);
  if (lacking.length > 0) {
    throw new TriggerError(
      `The triggers cannot work with this database: ${lacking.join('; ')}. Nothing was changed.`,
    );
  }
}

/** Finds what the triggers read and the database lacks: `contest lacks title`. */
export async function findMissing(
  connection: Connection,
  known?: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string[]> {
  const tables = known ?? (await readColumns(connection));
  const views = await readViews(connection);
  return [...neededColumns()].flatMap(([table, columns]) => {
    const present = tables.get(table);
    if (present === undefined) return [`there is no table ${table}`];
    if (views.has(table) && TRIGGERS.some((trigger) => trigger.table === table))
      return [`${table} is a view, and views have no triggers`];
    const missing = [...columns].filter((column) => !present.has(column));
    return missing.length === 0 ? [] : [`${table} lacks ${missing.join(', ')}`];
  });
}

/**
 * Runs the triggers' statements without effect, since triggers run with this account's rights: without one of them a trigger
 * does nothing, and without TRIGGER it makes the platform's statements fail. On MariaDB only the account's own rights count,
 * so the connection drops its roles: it cannot create a trigger either that could not run.
 *
 * @throws the server's error when a right is missing
 */
export async function checkPrivileges(connection: Connection): Promise<void> {
  const [[server]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  if (/mariadb/i.test(server?.version)) await connection.query('SET ROLE NONE');
  for (const [table, columns] of neededColumns())
    await connection.query(`SELECT ${[...columns].join(', ')} FROM \`${table}\` LIMIT 0`);
  const columns = OUTBOX_COLUMNS.join(', ');
  await connection.query(
    `INSERT INTO ${OUTBOX} (${columns}) SELECT 'LEVEL_UP', '{}', NULL, UTC_TIMESTAMP(3), NULL FROM DUAL WHERE FALSE`,
  );
  for (const [table, names] of storedColumns()) {
    const list = [...names].join(', ');
    await connection.query(`INSERT INTO ${table} (${list}) SELECT ${list} FROM ${table} WHERE FALSE`);
    if (names.includes('freeze_no'))
      await connection.query(`UPDATE ${table} SET freeze_no = freeze_no WHERE FALSE`);
  }
}

async function readViews(connection: Connection): Promise<Set<string>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT LOWER(TABLE_NAME) AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()',
  );
  return new Set(rows.map(({ name }) => name));
}

function neededColumns(): Map<string, Set<string>> {
  const needed = new Map<string, Set<string>>();
  for (const { reads } of TRIGGERS)
    for (const [table, columns] of Object.entries(reads))
      needed.set(table, new Set([...(needed.get(table) ?? []), ...columns]));
  return needed;
}

function storedColumns(): Map<string, readonly string[]> {
  return new Map(TRIGGERS.flatMap(({ stores }) => Object.entries(stores ?? {})));
}
