import { escape as quote } from 'mysql2';
import type { Draft, LogRow } from './row.ts';

/** An idempotency key: the same key with the same fingerprint is a repeat, with another it is a conflict. */
export interface LogKey {
  readonly value: string;
  readonly fingerprint: Buffer;
  readonly keepMs: number;
}

/** A statement that is committed together with a unit's rows. */
export interface Guard {
  /** Complete: whatever comes from outside is escaped already. */
  readonly sql: string;
  /** How many rows it must affect; an UPDATE counts those it finds. Left out: any number. */
  readonly changes?: number;
}

/** What is appended as a whole or not at all. */
export interface Unit {
  readonly drafts: readonly Draft[];
  /** Known keys mean that it was appended before: all of them, or its caller is told that it is `superseded`. */
  readonly keys?: readonly LogKey[];
  /** Run before the head is locked. Where one does not affect as many rows as it must, the unit is `superseded`. */
  readonly with?: readonly Guard[];
}

/** How many rows a unit takes in the log. */
export function rowCount(unit: Unit): number {
  return unit.drafts.reduce((sum, draft) => sum + draft.rows.length, 0);
}

/** A packet of statements, and which of them moves the head. */
export interface AppendPacket {
  readonly sql: string;
  readonly headAt: number;
}

/**
 * The append as one packet of statements, so that the head is locked for one round trip and no longer. The ids follow
 * from the head within the statements; `@base` becomes NULL, and the inserts fail, should the head's row be missing or a
 * guard not have done its work.
 */
export function appendStatement(units: readonly Unit[], at: Date): AppendPacket {
  const time = quote(sqlTime(at));
  const rows: string[] = [];
  const activity: string[] = [];
  const keys: string[] = [];
  let offset = 0;
  for (const unit of units) {
    for (const key of unit.keys ?? []) {
      const expires = quote(sqlTime(new Date(at.getTime() + key.keepMs)));
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
  const guards = units.flatMap((unit) => unit.with ?? []);
  const before = ['START TRANSACTION', ...(guards.length === 0 ? [] : guardStatements(guards))];
  const sql = [
    ...before,
    `UPDATE log_head SET head = LAST_INSERT_ID(head + ${offset}) WHERE id = 1`,
    `SET @base = IF(ROW_COUNT() = 1${guards.length === 0 ? '' : ' AND @guarded'}, LAST_INSERT_ID() - ${offset}, NULL)`,
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

function guardStatements(guards: readonly Guard[]): string[] {
  const checked = guards.flatMap(({ sql, changes }) =>
    changes === undefined ? [sql] : [sql, `SET @guarded = @guarded AND ROW_COUNT() = ${Math.trunc(changes)}`],
  );
  return ['SET @guarded = TRUE', ...checked];
}

/** The rows as they stand in the log once they were appended from `firstId` on. */
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

function sqlTime(at: Date): string {
  return at.toISOString().replace('T', ' ').replace('Z', '');
}
