/** SQL: the database server's default zone, in which the platform's sessions write DATETIMEs. It may change at any time. */
export const SERVER_ZONE = '@@global.time_zone';

/**
 * Years for which every server has the offsets of its zone. Others count as one of the last 28 of them, with the same
 * calendar until 2099.
 */
const FIRST_YEAR = 1971;
const LAST_YEAR = 2037;
const CALENDAR_YEARS = 28;

/**
 * SQL: offset from UTC of a DATETIME in the server's zone, in seconds, by the same rule as `offsetOfWall`. NULL for no date.
 * Asks the server only for local times of instants: the opposite is ambiguous, and answered by whatever was in force when
 * the server started.
 *
 * @param column SQL, never input.
 */
export function serverOffset(column: string): string {
  const years = `IF(YEAR(${column}) BETWEEN ${FIRST_YEAR} AND ${LAST_YEAR}, 0,
    ${CALENDAR_YEARS} * FLOOR((YEAR(${column}) - ${LAST_YEAR - CALENDAR_YEARS + 1}) / ${CALENDAR_YEARS}))`;
  const wall = `(${column} - INTERVAL (${years}) YEAR)`;
  const localAt = (instant: string) => `CONVERT_TZ(${instant}, '+00:00', ${SERVER_ZONE})`;
  const offsetAt = (instant: string) => `TIMESTAMPDIFF(SECOND, ${instant}, ${localAt(instant)})`;
  const before = offsetAt(`(${wall} - INTERVAL 1 DAY)`);
  const after = offsetAt(`(${wall} + INTERVAL 1 DAY)`);
  const holds = (offset: string) => `${localAt(`(${wall} - INTERVAL (${offset}) SECOND)`)} = ${wall}`;
  return `IF(${holds(before)}, ${before}, IF(${holds(after)}, ${after}, ${before}))`;
}
