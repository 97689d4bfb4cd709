import { Timestamp } from '../db/timestamp.ts';
import { SERVER_ZONE, serverOffset } from './server-zone.ts';
import { offsetOfWall, offsetsOf } from './zone.ts';

/**
 * Reads and writes the platform's times. A TIMESTAMP column is an instant; a DATETIME column is a local time of the
 * platform's zone. Both kinds occur in one table, and an update of the platform may change one into the other at any time.
 *
 * A local time that a clock change skips counts from before the change, and one that it repeats is the first of the two.
 */
export interface PlatformClock {
  /** SQL that selects a column as `name`, to be read with `instant`. `column` is SQL, never input. */
  select(column: string, name: string): string;
  /** Instant of a column that was selected as `name`, within the years 1 to 9999; null for none. */
  instant(row: object, name: string): Date | null;
  /**
   * SQL: an instant as a column stores it, for sessions at UTC.
   *
   * @param instant SQL of the instant, a DATETIME in UTC.
   */
  stored(table: string, column: string, instant: string): string;
}

/**
 * @param zone of DATETIME columns: `+05:30`, or an IANA name such as `Asia/Kolkata`; left out: the database server's default
 *   zone, as it is at each statement.
 * @param now the database's time, in ms since 1970; this machine's where its clock is trusted, as in a command
 * @throws TypeError for an unknown zone.
 */
export function createPlatformClock(zone?: string, now = Date.now): PlatformClock {
  const offsetAt = zone === undefined ? undefined : offsetsOf(zone);
  const offset = (row: Readonly<Record<string, unknown>>, name: string, wall: number) => {
    if (offsetAt) return offsetOfWall(wall, offsetAt);
    const seconds = row[offsetName(name)];
    return seconds === null ? undefined : Number(seconds) * 1000;
  };
  return {
    select: (column, name) =>
      `${column} AS ${name}${offsetAt ? '' : `, ${serverOffset(column)} AS ${offsetName(name)}`}`,
    instant(row, name) {
      const fields = row as Readonly<Record<string, unknown>>;
      const value = fields[name];
      // `0000-00-00`, which lax servers store, is no date.
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) return null;
      const wall = value.getTime();
      const ahead = value instanceof Timestamp ? 0 : offset(fields, name, wall);
      return ahead === undefined ? null : new Date(Math.min(LAST, Math.max(FIRST, wall - ahead)));
    },
    stored(table, column, instant) {
      // The present offset: the server may have no zone of that name.
      const own = offsetAt ? `'${formatOffset(offsetAt(now()))}'` : SERVER_ZONE;
      return `CONVERT_TZ(${instant}, '+00:00', IF(${isTimestamp(table, column)}, '+00:00', ${own}))`;
    },
  };
}

/** Clock of a platform whose sessions use the database server's zone. */
export const SERVER_CLOCK = createPlatformClock();

/** First and last instant whose year has four digits in ISO 8601 and is not 0. */
const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

function offsetName(name: string): string {
  return `${name}Offset`;
}

/** SQL: whether a column of the platform is a TIMESTAMP. */
export function isTimestamp(table: string, column: string): string {
  return `(SELECT LOWER(DATA_TYPE) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
    AND TABLE_NAME = '${table}' AND COLUMN_NAME = '${column}') = 'timestamp'`;
}

/** `+05:30` */
function formatOffset(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  return `${ms < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
