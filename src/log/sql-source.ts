import type { Connection, RowDataPacket } from 'mysql2/promise';
import { whileServerSends } from '../db/silence.ts';
import { abortable } from '../util/abortable.ts';
import { answeredWithin } from '../util/answered-within.ts';
import { SERVER } from './append-statement.ts';
import { markOf, readPrunedBelow, readRange, readTerms } from './reader.ts';
import type { LogRow } from './row.ts';
import type { HeadState, LockedLog, LogReads, LogSource } from './source.ts';
import type { Term } from './terms.ts';

/** Max time without a byte of an answer, in ms: then the connection leads nowhere any more. */
const SILENCE_MS = 2_000;
/** Max duration of a read, in ms: far above what a page of large rows takes. */
const READ_MS = 15_000;

const HEAD_COLUMNS = `head, epoch AS term, IF(tagged_head = head, tag, NULL) AS tag, tagged_head = head AND tag IS NULL AS mended,
  CONVERT(${SERVER} USING utf8mb4) AS server`;
const HEAD_STATE = `SELECT ${HEAD_COLUMNS},
  (SELECT n.tag FROM notification n WHERE n.id = log_head.head) AS rowTag FROM log_head WHERE id = 1`;
/** Without the row, which a statement that waits for the lock may read as it was before. */
const LOCKED_HEAD = `SELECT ${HEAD_COLUMNS} FROM log_head WHERE id = 1 FOR UPDATE`;

type Ask = <T>(sql: string, values?: unknown[]) => Promise<T[]>;

/**
 * The log over one dedicated connection. Drop the connection when a read fails.
 * @param dropped aborted when the connection is dropped: what is under way on it is not waited for
 */
export function sqlSource(connection: Connection, dropped?: AbortSignal): LogSource<LogRow> {
  const ask: Ask = async <T>(sql: string, values: unknown[] = []) => {
    const query = connection.query<RowDataPacket[]>({ sql, values });
    const reading = answeredWithin(dropped ? abortable(query, dropped) : query, READ_MS);
    const [rows] = await whileServerSends(connection, SILENCE_MS, reading);
    return rows as T[];
  };
  return {
    ...readsOver(ask),
    async locked(work) {
      await ask('START TRANSACTION');
      try {
        const result = await work(lockedLog(ask));
        await ask('COMMIT');
        return result;
      } catch (error) {
        await ask('ROLLBACK').catch(() => {});
        throw error;
      }
    },
  };
}

/** Reads the state of the log that an appending connection needs when it is opened. */
export async function readHeadState(connection: Connection): Promise<HeadState> {
  const [rows] = await connection.query<RowDataPacket[]>(HEAD_STATE);
  return headStateOf(rows as RawHeadState[]);
}

function readsOver(ask: Ask): LogReads<LogRow> {
  return {
    head: async () => headStateOf(await ask<RawHeadState>(HEAD_STATE)),
    terms: () => readTerms(ask),
    range: (from, through, limit) => readRange(ask, from - 1, through, limit),
    async marks(ids) {
      if (ids.length === 0) return new Map();
      const rows = await ask<MarkedRow>(
        'SELECT id, event_id, scope, type, created_at, tag FROM notification WHERE id IN (?)',
        [ids],
      );
      return new Map(
        rows.map(({ id, event_id, scope, type, created_at, tag }) => [
          id,
          markOf({ eventId: event_id, scope, type, at: created_at.getTime(), tag }),
        ]),
      );
    },
    prunedBelow: () => readPrunedBelow(ask),
    async lastRow() {
      const [row] = await ask<{ last: number | null }>(
        'SELECT MAX(id) AS last FROM notification WHERE id > 0',
      );
      return Number(row?.last ?? 0);
    },
  };
}

function lockedLog(ask: Ask): LockedLog<LogRow> {
  return {
    ...readsOver(ask),
    async head() {
      const states = await ask<Omit<RawHeadState, 'rowTag'>>(LOCKED_HEAD);
      const rows = await ask<{ tag: string | null }>('SELECT tag FROM notification WHERE id = ?', [
        states[0]?.head,
      ]);
      return headStateOf(states.map((state) => ({ ...state, rowTag: rows[0]?.tag ?? null })));
    },
    async beginTerm({ word, number, firstId }: Term) {
      await ask(
        `INSERT INTO log_term (term, number, first_id, begun_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))`,
        [word, number, firstId],
      );
      await ask('UPDATE log_head SET epoch = ? WHERE id = 1', [word]);
    },
    async moveHead(head) {
      await ask(
        `UPDATE log_head SET head = ?, tagged_head = ?, tag = (SELECT tag FROM notification WHERE id = ?) WHERE id = 1`,
        [head, head, head],
      );
    },
  };
}

interface MarkedRow {
  id: number;
  event_id: number;
  scope: LogRow['scope'];
  type: LogRow['type'];
  created_at: Date;
  tag: string | null;
}

interface RawHeadState extends Omit<HeadState, 'foreignTag' | 'mended'> {
  readonly mended: number | null;
  /** The tag of the row at the head; null where there is none, or no row. */
  readonly rowTag: string | null;
}

function headStateOf(rows: readonly RawHeadState[]): HeadState {
  const row = rows[0];
  if (!row) throw new Error('the log has no head');
  const { head, term, tag, server, rowTag, mended } = row;
  const foreignTag = tag !== null && tag !== rowTag;
  return { head: Number(head), term, tag, server, foreignTag, mended: Number(mended) === 1 };
}
