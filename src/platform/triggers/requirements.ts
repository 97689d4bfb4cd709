import type { Connection, RowDataPacket } from 'mysql2/promise';
import { readColumns } from '../tables/create.ts';
import { TRIGGERS } from './all.ts';
import { TriggerError } from './trigger-error.ts';

const OUTBOX = 'event_outbox';
const OUTBOX_COLUMNS = ['type', 'payload', 'idempotency_key', 'created_at'];

/**
 * Sees to it that there is what the triggers read, and an outbox.
 *
 * @throws TriggerError with everything that is missing.
 */
export async function requireWhatTheyUse(connection: Connection): Promise<void> {
  const tables = await readColumns(connection);
  if (!tables.has(OUTBOX)) {
    throw new TriggerError(
      `This database has no ${OUTBOX} yet: run \`codecraft-live migrate\` first. Nothing was changed.`,
    );
  }
  const lacking = await findLacking(connection, tables);
  if (lacking.length > 0) {
    throw new TriggerError(
      `The triggers cannot work with this database: ${lacking.join('; ')}. Nothing was changed.`,
    );
  }
}

/** What the triggers read and is not there: `contest lacks title`. */
export async function findLacking(
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
 * Does, without any effect, what the triggers do: they run with this account's rights. One that lacks a right is silent,
 * and one that lacks TRIGGER fails the platform's own statements. On MariaDB those count alone that are the account's own:
 * the connection has none of its roles from here on, so that it cannot make a trigger either which it could not run.
 *
 * @throws the server's error when this account may not
 */
export async function tryRights(connection: Connection): Promise<void> {
  const [[server]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  if (/mariadb/i.test(server?.version)) await connection.query('SET ROLE NONE');
  for (const [table, columns] of neededColumns())
    await connection.query(`SELECT ${[...columns].join(', ')} FROM \`${table}\` LIMIT 0`);
  const columns = OUTBOX_COLUMNS.join(', ');
  await connection.query(
    `INSERT INTO ${OUTBOX} (${columns}) SELECT 'LEVEL_UP', '{}', NULL, UTC_TIMESTAMP(3) FROM DUAL WHERE FALSE`,
  );
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
