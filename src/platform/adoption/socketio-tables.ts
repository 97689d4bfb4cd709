import type { Connection, RowDataPacket } from 'mysql2/promise';
import { MigrationError } from '../../db/errors.ts';

/** Table of the platform's Socket.IO generation, with the name under which it is kept. */
export interface SocketIoTable {
  readonly name: 'notification' | 'activity_log' | 'websocket_session';
  readonly keptAs: `socketio_${string}`;
  readonly columns: readonly string[];
  /** Those of `columns` that hold instants. */
  readonly instants: readonly string[];
}

export const OLD_NOTIFICATIONS: SocketIoTable = {
  name: 'notification',
  keptAs: 'socketio_notification',
  columns: ['id', 'player_id', 'type', 'title', 'message', 'data', 'is_read', 'created_at', 'read_at'],
  instants: ['created_at', 'read_at'],
};

export const OLD_ACTIVITY: SocketIoTable = {
  name: 'activity_log',
  keptAs: 'socketio_activity_log',
  columns: [
    'id',
    'player_id',
    'action_type',
    'contest_id',
    'problem_id',
    'old_value',
    'new_value',
    'timestamp',
    'is_broadcasted',
  ],
  instants: ['timestamp'],
};

export const OLD_SESSIONS: SocketIoTable = {
  name: 'websocket_session',
  keptAs: 'socketio_websocket_session',
  columns: [
    'id',
    'player_id',
    'session_id',
    'connected_at',
    'disconnected_at',
    'is_active',
    'last_heartbeat',
  ],
  instants: ['connected_at', 'disconnected_at', 'last_heartbeat'],
};

const TABLES = [OLD_NOTIFICATIONS, OLD_ACTIVITY, OLD_SESSIONS];

/** Tables of the Socket.IO generation in a database. */
export interface SocketIoFindings {
  /** Tables with their old names, to be renamed. */
  readonly renames: readonly SocketIoTable[];
  /** Tables that were renamed before. */
  readonly kept: readonly SocketIoTable[];
}

/**
 * Finds the tables of the Socket.IO generation; changes nothing.
 *
 * @param begun whether our own tables of the same names were created: an old one has then replaced ours
 * @throws MigrationError for a table with a name of ours that is neither that generation's nor ours, and when the name
 *   under which a table would be kept is taken.
 */
export async function findSocketIoTables(connection: Connection, begun: boolean): Promise<SocketIoFindings> {
  const there = await readShapes(connection);
  const foreign = TABLES.filter(({ name }) => name !== 'websocket_session').filter((table) => {
    const shape = there.get(table.name);
    return shape !== undefined && !shape.columns.has('event_id') && (begun || !isOf(table, shape));
  });
  if (foreign.length > 0) {
    throw new MigrationError(
      `This database has a table ${foreign.map(({ name }) => name).join(' and a table ')} that codecraft-live did not make. Nothing was changed. Rename it, or use another database.`,
    );
  }
  // A table of sessions that an old service created again does no harm.
  const renames = TABLES.filter(
    (table) => isOf(table, there.get(table.name)) && !(table === OLD_SESSIONS && there.has(table.keptAs)),
  );
  const taken = renames.find(({ keptAs }) => there.has(keptAs));
  if (taken) {
    throw new MigrationError(
      `This database has a table ${taken.name} of the Socket.IO generation, and ${taken.keptAs}, the name under which it would be kept, exists, too. Nothing was changed. Rename one of them.`,
    );
  }
  return { renames, kept: TABLES.filter((table) => isOf(table, there.get(table.keptAs))) };
}

/** Renames the tables atomically. */
export async function renameTables(connection: Connection, tables: readonly SocketIoTable[]): Promise<void> {
  if (tables.length === 0) return;
  const pairs = tables.map(({ name, keptAs }) => `${name} TO ${keptAs}`);
  await connection.query(`RENAME TABLE ${pairs.join(', ')}`);
}

interface Shape {
  readonly isTable: boolean;
  /** Type by column, both in lower case. */
  readonly columns: Map<string, string>;
  readonly primaryKey: string[];
}

const WHOLE_NUMBERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];
const INSTANTS = ['datetime', 'timestamp'];

function isOf(table: SocketIoTable, shape: Shape | undefined): boolean {
  if (!shape?.isTable || shape.columns.has('event_id')) return false;
  const isAmong = (types: readonly string[]) => (column: string) =>
    types.includes(shape.columns.get(column) ?? '');
  return (
    table.columns.every((column) => shape.columns.has(column)) &&
    ['id', 'player_id'].every(isAmong(WHOLE_NUMBERS)) &&
    table.instants.every(isAmong(INSTANTS)) &&
    shape.primaryKey.join() === 'id'
  );
}

async function readShapes(connection: Connection): Promise<Map<string, Shape>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT t.TABLE_NAME AS name, t.TABLE_TYPE AS type, LOWER(c.COLUMN_NAME) AS col, LOWER(c.DATA_TYPE) AS colType,
            c.COLUMN_KEY AS colKey
       FROM information_schema.TABLES t
       JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
      WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME IN (?)`,
    [TABLES.flatMap(({ name, keptAs }) => [name, keptAs])],
  );
  const shapes = new Map<string, Shape>();
  for (const { name, type, col, colType, colKey } of rows) {
    const shape: Shape = shapes.get(name) ?? {
      isTable: type === 'BASE TABLE',
      columns: new Map(),
      primaryKey: [],
    };
    shape.columns.set(col, colType);
    if (colKey === 'PRI') shape.primaryKey.push(col);
    shapes.set(name, shape);
  }
  return shapes;
}
