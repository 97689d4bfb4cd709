import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type OldShape, readColumnNames, readParameters, shapeFromText } from './old-shapes.ts';

/** View or procedure of the Socket.IO generation that one of our migrations replaces. */
export interface OldDefinition {
  readonly kind: 'view' | 'procedure';
  readonly name: string;
}

/** Table that keeps the old definitions, since views and procedures cannot be renamed. */
export const DEFINITIONS = 'socketio_definition';

const REPLACED: readonly { readonly migration: string; readonly definition: OldDefinition }[] = [
  ...['v_contest_leaderboard', 'v_active_sessions'].map((name) => ({
    migration: '0002_views',
    definition: { kind: 'view' as const, name },
  })),
  ...[
    'sp_log_activity',
    'sp_create_notification',
    'sp_register_websocket_session',
    'sp_disconnect_websocket_session',
    'sp_get_unbroadcasted_activities',
    'sp_mark_activities_broadcasted',
  ].map((name) => ({
    migration: '0005_legacy_procedures',
    definition: { kind: 'procedure' as const, name },
  })),
];

/**
 * Finds the definitions that will be replaced. A definition whose migration has begun is ours already.
 *
 * @param begun names of the migrations that have begun
 */
export async function findOldDefinitions(
  connection: Connection,
  begun: ReadonlySet<string>,
): Promise<OldDefinition[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT LOWER(TABLE_NAME) AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
     UNION ALL
     SELECT LOWER(ROUTINE_NAME) FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'PROCEDURE'`,
  );
  const there = new Set(rows.map(({ name }) => name));
  return REPLACED.filter(
    ({ migration, definition }) => !begun.has(migration) && there.has(definition.name),
  ).map(({ definition }) => definition);
}

/** Stores definitions, each as it was when it was first seen. */
export async function keepDefinitions(
  connection: Connection,
  definitions: readonly OldDefinition[],
): Promise<void> {
  if (definitions.length === 0) return;
  await connection.query(
    `CREATE TABLE IF NOT EXISTS ${DEFINITIONS} (
      kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      name VARCHAR(64) NOT NULL,
      definition LONGTEXT,
      shape LONGTEXT,
      kept_at DATETIME(3) NOT NULL,
      PRIMARY KEY (kind, name)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  );
  // A run of an earlier release may have created it.
  if (!(await readColumnNames(connection, DEFINITIONS)).includes('shape'))
    await connection.query(`ALTER TABLE ${DEFINITIONS} ADD COLUMN shape LONGTEXT AFTER definition`);
  for (const { kind, name } of definitions) {
    const isView = kind === 'view';
    const definition = await (isView ? viewText(connection, name) : procedureText(connection, name));
    const shape: OldShape = isView
      ? { columns: await readColumnNames(connection, name) }
      : { parameters: await readParameters(connection, name) };
    await connection.query(
      `INSERT IGNORE INTO ${DEFINITIONS} (kind, name, definition, shape, kept_at)
       VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))`,
      [kind, name, definition, JSON.stringify(shape)],
    );
  }
}

/** Definition with the shape that its callers expect. */
interface KeptShape extends OldDefinition {
  readonly shape: OldShape;
}

/** Reads the shapes of the stored definitions. Earlier releases stored texts alone. */
export async function readKeptShapes(connection: Connection): Promise<KeptShape[]> {
  const columns = await readColumnNames(connection, DEFINITIONS);
  if (columns.length === 0) return [];
  const shape = columns.includes('shape') ? 'shape' : 'NULL AS shape';
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT kind, name, definition, ${shape} FROM ${DEFINITIONS} ORDER BY kind, name`,
  );
  return rows.map(({ kind, name, definition, shape }) => ({
    kind,
    name,
    shape: shape === null ? shapeFromText(kind, definition ?? '') : JSON.parse(shape),
  }));
}

/** Also works for a view that is broken, such as one of a renamed table. */
async function viewText(connection: Connection, name: string): Promise<string | null> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT VIEW_DEFINITION AS body FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [name],
  );
  return rows[0]?.body ? `CREATE VIEW \`${name}\` AS ${rows[0].body}` : null;
}

/** Null where the account may not see it. */
async function procedureText(connection: Connection, name: string): Promise<string | null> {
  const [rows] = await connection.query<RowDataPacket[]>('SHOW CREATE PROCEDURE ??', [name]);
  return rows[0]?.['Create Procedure'] ?? null;
}
