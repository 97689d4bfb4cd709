/**
 * The platform's DATETIMEs carry no zone: they are what a clock on its wall showed. This says which instants they were.
 * A column is selected as `sql(column)`, and what was read goes through `instant`.
 */
export interface PlatformClock {
  /** SQL for a DATETIME column of the platform. `column` is SQL, never anything from a request. */
  sql(column: string): string;
  /** The instant that such a value stands for; null where there is none. */
  instant(read: Date | null): Date | null;
}

/**
 * @param zone `+05:30`, or an IANA name such as `Asia/Kolkata`; left out: the zone that the database server gives to
 *   those who ask for none, as the platform does. An hour that daylight saving repeats may be read as either.
 * @throws TypeError when there is no such zone.
 */
export function createPlatformClock(zone?: string): PlatformClock {
  // The server knows its own zone, whatever it is called; others it may not: their tables are often not installed.
  if (zone === undefined)
    return { sql: (column) => `CONVERT_TZ(${column}, @@global.time_zone, '+00:00')`, instant: valid };
  const offsetAt = offsetsOf(zone);
  return {
    sql: (column) => column,
    instant(read) {
      const wall = valid(read)?.getTime();
      if (wall === undefined) return null;
      // The offset at the instant is wanted, and the instant is not known yet: the second guess is near enough.
      const guess = wall - offsetAt(wall);
      return new Date(wall - offsetAt(guess));
    },
  };
}

/** The clock of a platform on the same machine as its database. */
export const SERVER_CLOCK = createPlatformClock();

/** `0000-00-00`, which the platform's servers may hold, is no date. */
function valid(read: Date | null): Date | null {
  return read === null || Number.isNaN(read.getTime()) ? null : read;
}

/** Zones have changed their clocks at full quarters of an hour alone, by UTC, since this instant. */
const ORDERLY_SINCE = Date.UTC(1980, 0, 1);
const QUARTER_MS = 900_000;
/** So many quarters are remembered: looking one up in the zone is a hundred times as slow. */
const REMEMBERED = 10_000;

/** How far a zone's clocks are ahead of UTC at an instant; both in milliseconds. */
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
  const remembered = new Map<number, number>();
  return (at) => {
    const quarter = at < ORDERLY_SINCE ? undefined : Math.floor(at / QUARTER_MS);
    const known = quarter === undefined ? undefined : remembered.get(quarter);
    if (known !== undefined) return known;
    const offset = offsetIn(format, at);
    if (remembered.size >= REMEMBERED) remembered.clear();
    if (quarter !== undefined) remembered.set(quarter, offset);
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
