import { escape as quote } from 'mysql2';
import type { Draft, LogRow } from './row.ts';

/** What is appended under one idempotency key, or none: repeated as a whole or not at all. */
export interface Unit {
  readonly drafts: readonly Draft[];
  readonly key?: { readonly value: string; readonly fingerprint: Buffer; readonly keepMs: number };
}

/** How many rows a unit takes in the log. */
export function rowCount(unit: Unit): number {
  return unit.drafts.reduce((sum, draft) => sum + draft.rows.length, 0);
}

/**
 * The append as one packet of statements, so that the head is locked for one round trip and no longer. The ids follow
 * from the head within the statements; `@base` becomes NULL, and the inserts fail, should the head's row be missing.
 */
export function appendStatement(units: readonly Unit[], at: Date): string {
  const time = quote(sqlTime(at));
  const rows: string[] = [];
  const activity: string[] = [];
  const keys: string[] = [];
  let offset = 0;
  for (const unit of units) {
    if (unit.key) {
      const expires = quote(sqlTime(new Date(at.getTime() + unit.key.keepMs)));
      keys.push(
        `(${quote(unit.key.value)},x'${unit.key.fingerprint.toString('hex')}',@base+${offset + 1},${expires})`,
      );
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
  return [
    'START TRANSACTION',
    `UPDATE log_head SET head = LAST_INSERT_ID(head + ${offset}) WHERE id = 1`,
    `SET @base = IF(ROW_COUNT() = 1, LAST_INSERT_ID() - ${offset}, NULL)`,
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
