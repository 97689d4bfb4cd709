/** Offset of a zone from UTC at an instant; both in ms. */
export type OffsetAt = (at: number) => number;

const DAY_MS = 86_400_000;
/** The calendar's year 1000, where DATETIME begins: earlier years have the offset of then. */
const EARLIEST = Date.UTC(1000, 0, 1);
/** Since this instant, offsets change at quarters of an hour (UTC) only. */
const QUARTERS_SINCE = Date.UTC(1980, 0, 1);
const QUARTER_MS = 900_000;
/** Max cached offsets. Computing one takes a hundred times as long as a lookup. */
const MAX_CACHED = 10_000;

/**
 * Makes the offsets of a zone.
 *
 * @param zone `+05:30`, or an IANA name such as `Asia/Kolkata`.
 * @throws TypeError for an unknown zone.
 */
export function offsetsOf(zone: string): OffsetAt {
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
    if (at < QUARTERS_SINCE) return offsetIn(format, Math.max(at, EARLIEST));
    const quarter = Math.floor(at / QUARTER_MS);
    const known = cached.get(quarter);
    if (known !== undefined) return known;
    const offset = offsetIn(format, at);
    if (cached.size >= MAX_CACHED) cached.clear();
    cached.set(quarter, offset);
    return offset;
  };
}

/**
 * Offset from UTC of a local time, in ms. Where a clock change skips it, the offset before the change counts; where one
 * repeats it, the first of the two: as `Date` does in JavaScript, which the platform runs on.
 *
 * @param wall the local time, as if it were UTC.
 */
export function offsetOfWall(wall: number, offsetAt: OffsetAt): number {
  const before = offsetAt(wall - DAY_MS);
  if (offsetAt(wall - before) === before) return before;
  const after = offsetAt(wall + DAY_MS);
  return offsetAt(wall - after) === after ? after : before;
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
