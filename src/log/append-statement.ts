import { LOCK_WAIT_S } from '../db/connect.ts';
import { quote } from '../db/quote.ts';
import type { Expectation } from './append-terms.ts';
import type { Draft, LogRow } from './row.ts';

/** Idempotency key as `log_key` stores it: with the same fingerprint it is a repeat, with another a conflict. */
export interface LogKey {
  readonly value: string;
  readonly fingerprint: Buffer;
  readonly keepMs: number;
  /** What a repeat is answered with, where the events alone do not determine it. Text. */
  readonly answer?: string;
}

/** Statement that must succeed in the transaction that appends a unit; otherwise nothing of the unit is appended. */
export interface Precondition {
  /** Complete statement: all values are escaped. */
  readonly sql: string;
  /** Rows it must affect (an UPDATE counts the rows it matches). Left out: any number. */
  readonly expectedRows?: number;
  /**
   * The rows that it changes, as `table WHERE condition`, all values escaped. Where another transaction has locked one of them,
   * the unit is `superseded` at once. Several are named by `FORCE INDEX` and a condition on a column outside of that index:
   * otherwise the server may scan a small table, and meet locks of other rows. Left out: it waits for its rows, and appends
   * behind it wait with it.
   */
  readonly rows?: string;
}

/** Atomic part of an append: all of its drafts, or none. */
export interface Unit {
  readonly drafts: readonly Draft[];
  /** If all are known, the unit is a repeat; if some are, it is `superseded`. */
  readonly keys?: readonly LogKey[];
  /** Keys that it deletes, also those of units before it in the same append. */
  readonly releases?: readonly string[];
  /** Whether it summarises units before it in its call: where one of those is a repeat, the whole call is `superseded`. */
  readonly summarises?: boolean;
  /** Run before the head is locked. If one does not affect its `expectedRows`, the unit is `superseded`. */
  readonly preconditions?: readonly Precondition[];
}

/** Number of log rows that a unit takes. */
export function rowCount(unit: Unit): number {
  let rows = 0;
  for (const draft of unit.drafts) rows += draft.rows.length;
  return rows;
}

/** Marks of an append: what it writes beside its rows, and what it asserts. */
export interface AppendMarks {
  /** Random; its rows carry it. */
  readonly tag: string;
  /** Word of the term that begins with it, where `expected` asks for one. */
  readonly newTerm: string;
  readonly expected: Expectation;
}

/** Identity of the server that runs a statement: a proxy can keep a connection while it exchanges the server behind it. */
export const SERVER = "CONCAT_WS('/', /*!80000 @@server_uuid, */ @@server_id, @@hostname, @@port)";

/** Result of the last statement of an append's packet, and of `FOUND` after a packet that failed. */
export interface AppendFound {
  /** The head before the append; null where the log has no head. */
  readonly head: number | null;
  /** Null where an assertion did not hold. */
  readonly base: number | null;
  readonly term: string;
  readonly previousTag: string | null;
  readonly server: string;
  /** Number of the present term. */
  readonly number: number | null;
  /** Time of the append by the database's clock, as SQL text in UTC. */
  readonly at: string | null;
}

/** Whether the head is not the greatest id among the rows, or another append than the one that it names wrote that row. */
export const HEAD_DISAGREES = `(SELECT COALESCE(MAX(id), 0) FROM notification WHERE id > 0) <> (SELECT head FROM log_head WHERE id = 1)
  OR EXISTS (SELECT 1 FROM log_head h WHERE h.id = 1 AND h.tagged_head = h.head AND h.tag IS NOT NULL
    AND NOT (h.tag <=> (SELECT n.tag FROM notification n WHERE n.id = h.head)))`;

/**
 * Whether the row at the head proves the rows below it: the append that the head names wrote it; or it is there, where a node
 * of an earlier release appended it, which names none. Where a comparison has mended a head whose row is lost, it has begun the
 * present term after the newest row, which must still be the newest one.
 */
const HEAD_IS_PROVEN = `IF(@previous IS NULL,
  @head = 0 OR EXISTS (SELECT 1 FROM notification WHERE id = @head)
    OR EXISTS (SELECT 1 FROM log_head h JOIN log_term t ON t.term = h.epoch WHERE h.id = 1 AND h.tagged_head = h.head
      AND t.first_id = (SELECT COALESCE(MAX(n.id), 0) + 1 FROM notification n WHERE n.id > 0)),
  @previous <=> (SELECT tag FROM notification WHERE id = @head))`;

/** Reads what the last packet of this session found, as the JSON of an `AppendFound`: one column costs less than seven. */
export const FOUND =
  "SELECT JSON_OBJECT('head', @head, 'base', @base, 'term', CONVERT(@term USING utf8mb4)," +
  " 'previousTag', CONVERT(@previous USING utf8mb4), 'server', CONVERT(@server USING utf8mb4)," +
  " 'number', @number, 'at', CONVERT(@at USING utf8mb4)) AS found";

const INSERT_KEYS = 'INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at, answer) VALUES';

/**
 * Rows from which on the INSERT stands between two compound statements. Within one the server converts its text once more, to
 * show it; outside it answers by itself, which costs more than it saves where rows are few.
 */
const ROWS_OUTSIDE = 250;

/** Max wait for a row that a precondition changes, in s: other appends of this process wait meanwhile. */
const PRECONDITION_WAIT_S = 1;

/** What a packet that failed was doing: locking the rows of its preconditions, running these, or appending. */
export const PHASE = 'SELECT CONVERT(@phase USING utf8mb4) AS phase';
export type Phase = 'locking' | 'preconditions' | 'append';

/**
 * Builds the append as one packet of statements, so that the head is locked for one round trip only. Ids are computed
 * from the head within the packet. If the head's row is missing, an assertion does not hold or a precondition fails,
 * `@base` becomes NULL and the statements that follow fail.
 *
 * @param compound whether the server is one that knows compound statements: MariaDB alone. A server sends the result of each
 *   statement of a packet by itself, and the client wakes for most of them; the result of a compound statement is sent once.
 *   Preconditions stay statements of a packet: NOWAIT is not allowed in a compound one.
 */
export function appendStatement(
  units: readonly Unit[],
  { tag, newTerm, expected }: AppendMarks,
  compound: boolean,
): string {
  // One text that grows costs half of what many that are joined do.
  let rows = '';
  const activity: string[] = [];
  const keys: string[] = [];
  const keyStatements: string[] = [];
  const insertKeys = () => {
    if (keys.length > 0) keyStatements.push(`${INSERT_KEYS} ${keys.splice(0).join(',')}`);
  };
  const rowEnd = `,@at,@term,'${tag}')`;
  let offset = 0;
  for (const unit of units) {
    for (const key of unit.keys ?? []) {
      const expires = `@at + INTERVAL ${Math.trunc(key.keepMs)} * 1000 MICROSECOND`;
      const answer = key.answer === undefined ? 'NULL' : quote(key.answer);
      keys.push(
        `(${quote(key.value)},x'${key.fingerprint.toString('hex')}',@base+${offset + 1},${expires},${answer})`,
      );
    }
    if (unit.releases !== undefined && unit.releases.length > 0) {
      insertKeys();
      keyStatements.push(
        `DELETE FROM log_key WHERE idempotency_key IN (${unit.releases.map(quote).join(',')})`,
      );
    }
    for (const draft of unit.drafts) {
      const event = `@base+${offset + 1}`;
      const data = quote(draft.data);
      for (const row of draft.rows) {
        offset++;
        rows +=
          `${offset === 1 ? '' : ','}(@base+${offset},${event},'${row.scope}','${row.keepClass}','${draft.type}',` +
          `${row.inbox ? 1 : 0},${draft.playerId ?? 'NULL'},${quote(row.title)},${quote(row.message)},${data}${rowEnd}`;
      }
      for (const entry of draft.activity)
        activity.push(
          `(${entry.playerId},'${entry.action}',${entry.contestId ?? 'NULL'},${entry.problemId ?? 'NULL'},` +
            `${json(entry.oldValue)},${json(entry.newValue)},@at,${event},1)`,
        );
    }
  }
  insertKeys();
  const preconditions = units.flatMap((unit) => unit.preconditions ?? []);
  const asserted = [
    `@head >= ${expected.minHead}`,
    equal('@server', expected.server),
    ...(expected.tagged ? [HEAD_IS_PROVEN] : []),
    ...(expected.complete ? ['@last_row = @head'] : []),
    equal('@term', expected.term),
    ...(preconditions.length === 0 ? [] : ['@preconditions_met']),
  ];
  const reset =
    'SET @head = NULL, @base = NULL, @term = NULL, @previous = NULL, @server = NULL, @number = NULL, @at = NULL';
  const begin = `@phase = 'append', SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_S}`;
  const before = [
    'START TRANSACTION',
    ...(preconditions.length === 0
      ? [`${reset}, ${begin}`]
      : [reset, ...preconditionStatements(preconditions), `SET ${begin}`]),
    `SELECT head, epoch, IF(tagged_head = head, tag, NULL), ${SERVER}
       INTO @head, @term, @previous, @server FROM log_head WHERE id = 1 FOR UPDATE`,
    ...(expected.complete
      ? ['SELECT COALESCE(MAX(id), 0) INTO @last_row FROM notification WHERE id > 0']
      : []),
    // After the wait for the lock: times are in the order of positions.
    `SET @at = UTC_TIMESTAMP(3), @base = IF(${asserted.join(' AND ')}, @head, NULL)`,
    ...(expected.begins ? newTermStatements(newTerm) : []),
    ...(offset === 0
      ? []
      : [
          `UPDATE log_head SET head = @base + ${offset}, tag = '${tag}', tagged_head = @base + ${offset} WHERE id = 1`,
        ]),
  ];
  const insert =
    'INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data,' +
    ` created_at, term, tag) VALUES ${rows}`;
  const after = [
    ...keyStatements,
    ...(activity.length === 0
      ? []
      : [
          'INSERT INTO activity_log (player_id, action_type, contest_id, problem_id, old_value, new_value, timestamp,' +
            ` event_id, is_broadcasted) VALUES ${activity.join(',')}`,
        ]),
    'COMMIT',
    FOUND,
  ];
  const compounds = compound && preconditions.length === 0;
  if (compounds && offset >= ROWS_OUTSIDE) return `${compoundOf(before)};${insert};${compoundOf(after)}`;
  const statements = offset === 0 ? [...before, ...after] : [...before, insert, ...after];
  return compounds ? compoundOf(statements) : statements.join(';');
}

const compoundOf = (statements: readonly string[]): string => `BEGIN NOT ATOMIC ${statements.join(';')}; END`;

const equal = (variable: string, text: string): string =>
  `CAST(${variable} AS BINARY) = CAST(${quote(text)} AS BINARY)`;

/** Fails where an assertion did not hold, since `@base` is NULL then. */
function newTermStatements(word: string): string[] {
  return [
    'SELECT COALESCE(MAX(number), 0) + 1 INTO @number FROM log_term',
    `INSERT INTO log_term (term, number, first_id, begun_at) VALUES ('${word}', @number, @base + 1, UTC_TIMESTAMP(3))`,
    `UPDATE log_head SET epoch = '${word}' WHERE id = 1`,
    `SET @term = '${word}'`,
  ];
}

function preconditionStatements(preconditions: readonly Precondition[]): string[] {
  const checked = preconditions.flatMap(({ sql, expectedRows }) =>
    expectedRows === undefined
      ? [sql]
      : [sql, `SET @preconditions_met = @preconditions_met AND ROW_COUNT() = ${Math.trunc(expectedRows)}`],
  );
  const locks = preconditions.flatMap(({ rows }) =>
    rows === undefined ? [] : [`SELECT COUNT(*) INTO @locked FROM ${rows} FOR UPDATE NOWAIT`],
  );
  return [
    "SET @phase = 'locking', @preconditions_met = TRUE",
    ...locks,
    `SET @phase = 'preconditions', SESSION innodb_lock_wait_timeout = ${PRECONDITION_WAIT_S}`,
    ...checked,
  ];
}

/**
 * Adds the rows of a unit to `rows`, as the log holds them after an append.
 * @param firstId position of the first of `rows`
 */
export function addCommittedRows(
  rows: LogRow[],
  unit: Unit,
  firstId: number,
  { at, tag, term }: Pick<LogRow, 'at' | 'tag' | 'term'>,
): void {
  for (const draft of unit.drafts) {
    const eventId = firstId + rows.length;
    for (const row of draft.rows)
      rows.push({
        id: firstId + rows.length,
        eventId,
        scope: row.scope,
        type: draft.type,
        playerId: draft.playerId,
        title: row.title,
        message: row.message,
        data: draft.data,
        at,
        term,
        tag,
      });
  }
}

function json(value: unknown): string {
  return value === null ? 'NULL' : quote(JSON.stringify(value));
}
