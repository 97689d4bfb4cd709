import type { FieldPacket } from 'mysql2/promise';

/** Value of a TIMESTAMP column, which is an instant. A plain `Date` that was read is a DATETIME, which has no zone. */
export class Timestamp extends Date {}

/** Type of TIMESTAMP columns in the protocol. */
const TIMESTAMP_TYPE = 7;

/** Replaces the values of TIMESTAMP columns. The server describes every result, so an altered column is seen at once. */
export function markTimestamps(
  rows: readonly object[],
  fields: readonly (FieldPacket | undefined)[] | undefined,
): void {
  for (const field of fields ?? []) {
    if (field?.columnType !== TIMESTAMP_TYPE) continue;
    for (const row of rows as Record<string, unknown>[]) {
      const value = row[field.name];
      if (value instanceof Date) row[field.name] = new Timestamp(value);
    }
  }
}
