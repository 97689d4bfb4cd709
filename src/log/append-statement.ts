import { escape as quote } from 'mysql2';
import { sqlTime } from '../util/sql-time.ts';
import type { Draft, LogRow } from './row.ts';

/** Idempotency key as `log_key` stores it: with the same fingerprint it is a repeat, with another a conflict. */
export interface LogKey {
  readonly value: string;
  readonly fingerprint: Buffer;
  readonly keepMs: number;
}

/** Statement that must succeed in the transaction that appends a unit; otherwise nothing of the unit is appended. */
export interface Precondition {
  /** Complete statement: all values are escaped. */
  readonly sql: string;
  /** Rows it must affect (an UPDATE counts the rows it matches). Left out: any number. */
  readonly expectedRows?: number;
}

/** Atomic part of an append: all of its drafts, or none. */
export interface Unit {
  readonly drafts: readonly Draft[];
  /** If all are known, the unit is a repeat; if some are, it is `superseded`. */
  readonly keys?: readonly LogKey[];
  /** Run before the head is locked. If one does not affect its `expectedRows`, the unit is `superseded`. */
  readonly preconditions?: readonly Precondition[];
}

/** Number of log rows that a unit takes. */
export function rowCount(unit: Unit): number {
  return unit.drafts.reduce((sum, draft) => sum + draft.rows.length, 0);
}

/** Append as one packet of statements. */
export interface AppendPacket {
  readonly sql: string;
  /** Index of the statement that moves the head. */
  readonly headAt: number;
}

/**
 * Builds the append as one packet of statements, so that the head is locked for one round trip only. Ids are computed
 * from the head within the packet. If the head's row is missing or a precondition fails, `@base` becomes NULL and the
 * inserts fail.
 */
export function appendStatement(units: readonly Unit[], at: Date): AppendPacket {
  const time = quote(sqlTime(at.getTime()));
  const rows: string[] = [];
  const activity: string[] = [];
  const keys: string[] = [];
  let offset = 0;
  for (const unit of units) {
    for (const key of unit.keys ?? []) {
      const expires = quote(sqlTime(at.getTime() + key.keepMs));
      keys.push(`(${quote(key.value)},x'${key.fingerprint.toString('hex')}',@base+${offset + 1},${expires})`);
    }
    for (const draft of unit.drafts) {
      const event = `@base+${offset + 1}`;
      const data = quote(draft.data);
      for (const row of draft.rows) {
        offset++;
        rows.push(
          `(@base+${offset},${event},'${row.scope}','${row.keepClass}','${draft.type}',${row.inbox ? 1 : 0},` +
            `${draft.playerId ?? 'NULL'},${quote(row.title)},${quote(row.message)},${data},${time})`,
        );
      }
      for (const entry of draft.activity)
        activity.push(
          `(${entry.playerId},'${entry.action}',${entry.contestId ?? 'NULL'},${entry.problemId ?? 'NULL'},` +
            `${json(entry.oldValue)},${json(entry.newValue)},${time},${event},1)`,
        );
    }
  }
  const preconditions = units.flatMap((unit) => unit.preconditions ?? []);
  const before = [
    'START TRANSACTION',
    ...(preconditions.length === 0 ? [] : preconditionStatements(preconditions)),
  ];
  const sql = [
    ...before,
    `UPDATE log_head SET head = LAST_INSERT_ID(head + ${offset}) WHERE id = 1`,
    `SET @base = IF(ROW_COUNT() = 1${preconditions.length === 0 ? '' : ' AND @preconditions_met'}, LAST_INSERT_ID() - ${offset}, NULL)`,
    ...(rows.length === 0
      ? []
      : [
          'INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data,' +
            ` created_at) VALUES ${rows.join(',')}`,
        ]),
    ...(keys.length === 0
      ? []
      : [
          `INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at) VALUES ${keys.join(',')}`,
        ]),
    ...(activity.length === 0
      ? []
      : [
          'INSERT INTO activity_log (player_id, action_type, contest_id, problem_id, old_value, new_value, timestamp,' +
            ` event_id, is_broadcasted) VALUES ${activity.join(',')}`,
        ]),
    'COMMIT',
  ].join(';');
  return { sql, headAt: before.length };
}

function preconditionStatements(preconditions: readonly Precondition[]): string[] {
  const checked = preconditions.flatMap(({ sql, expectedRows }) =>
    expectedRows === undefined
      ? [sql]
      : [sql, `SET @preconditions_met = @preconditions_met AND ROW_COUNT() = ${Math.trunc(expectedRows)}`],
  );
  return ['SET @preconditions_met = TRUE', ...checked];
}

/** Rows of a unit as the log holds them after an append from `firstId` on. */
export function committedRows(unit: Unit, firstId: number, at: Date): LogRow[] {
  const rows: LogRow[] = [];
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
        at: at.getTime(),
      });
  }
  return rows;
}

function json(value: unknown): string {
  return value === null ? 'NULL' : quote(JSON.stringify(value));
}
