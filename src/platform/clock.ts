/**
 * Conversion of the platform's DATETIMEs, which are local times without a zone, to instants. Select a column as
 * `sql(column)`, and pass the value read to `instant`.
 */
export interface PlatformClock {
  /** SQL of a DATETIME column. `column` is SQL, never input. */
  sql(column: string): string;
  /** Instant of a value that was read; null for none. */
  instant(read: Date | null): Date | null;
}

/**
 * @param zone `+05:30`, or an IANA name such as `Asia/Kolkata`; left out: the database server's default zone, which the
 *   platform uses. A time in an hour that daylight saving repeats is ambiguous, and may be read as either instant.
 * @throws TypeError for an unknown zone.
 */
export function createPlatformClock(zone?: string): PlatformClock {
  // The server always knows its own zone; for named zones its tables are often not installed.
  if (zone === undefined)
    return { sql: (column) => `CONVERT_TZ(${column}, @@global.time_zone, '+00:00')`, instant: valid };
  const offsetAt = offsetsOf(zone);
  return {
    sql: (column) => column,
    instant(read) {
      const wall = valid(read)?.getTime();
      if (wall === undefined) return null;
      // The offset depends on the instant, which is unknown yet: a second iteration is exact outside of clock changes.
      const guess = wall - offsetAt(wall);
      return new Date(wall - offsetAt(guess));
    },
  };
}

/** SQL: the present time in the database server's zone, as the platform's DATETIMEs have it; our sessions run in UTC. */
export const SERVER_NOW = "CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')";

/** Clock of a platform whose sessions use the database server's zone. */
export const SERVER_CLOCK = createPlatformClock();

/** `0000-00-00`, which lax servers store, is no date. */
function valid(read: Date | null): Date | null {
  return read === null || Number.isNaN(read.getTime()) ? null : read;
}

/** Since this instant, offsets change at quarters of an hour (UTC) only. */
const QUARTERS_SINCE = Date.UTC(1980, 0, 1);
const QUARTER_MS = 900_000;
/** Max cached offsets. Computing one takes a hundred times as long as a lookup. */
const MAX_CACHED = 10_000;

/** Offset of a zone from UTC at an instant; both in ms. */
function offsetsOf(zone: string): (at: number) => number {
  const fixed = /^([+-])(0\d|1[0-4]):([0-5]\d)$/.exec(zone);
  if (fixed) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    return () => (fixed[1] === '-' ? -minutes : minutes) * 60_000;
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new TypeError(`There is no time zone ${JSON.stringify(zone)}: write +05:30 or Asia/Kolkata.`);
  }
  const cached = new Map<number, number>();
  return (at) => {
    const quarter = at < QUARTERS_SINCE ? undefined : Math.floor(at / QUARTER_MS);
    const known = quarter === undefined ? undefined : cached.get(quarter);
    if (known !== undefined) return known;
    const offset = offsetIn(format, at);
    if (cached.size >= MAX_CACHED) cached.clear();
    if (quarter !== undefined) cached.set(quarter, offset);
    return offset;
  };
}

function offsetIn(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - Math.floor(at / 1000) * 1000;
}
