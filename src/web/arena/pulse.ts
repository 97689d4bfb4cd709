/** How far back it shows, and how much of that one bar stands for; in seconds. */
const SPAN_S = 3_600;
const BAR_S = 30;
const BARS = SPAN_S / BAR_S;

/** Solves of the last hour, counted. */
export interface Pulse {
  /** How many in each bar, the oldest first. */
  readonly counts: readonly number[];
  readonly most: number;
  /** Which bar holds the viewer's own; undefined: none does. */
  readonly own: number | undefined;
}

/** Counts when each player last solved something. `second` is the time now, in seconds since 1970. */
export function countPulse(
  rows: readonly { readonly playerId: number; readonly lastSolvedAt: string | null }[],
  own: number | undefined,
  second: number,
): Pulse {
  const counts = new Array<number>(BARS).fill(0);
  const newest = Math.floor(second / BAR_S);
  let ownBar: number | undefined;
  for (const { playerId, lastSolvedAt } of rows) {
    if (lastSolvedAt === null) continue;
    // A clock that is a little ahead puts nothing into the future.
    const back = Math.max(0, newest - Math.floor(Date.parse(lastSolvedAt) / 1_000 / BAR_S));
    if (back >= BARS) continue;
    const bar = BARS - 1 - back;
    counts[bar] = (counts[bar] ?? 0) + 1;
    if (playerId === own) ownBar = bar;
  }
  return { counts, most: Math.max(...counts), own: ownBar };
}
