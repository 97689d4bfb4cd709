/** Range of the chart and width of a bar, in seconds. */
const SPAN_S = 3_600;
const BAR_S = 30;
const BARS = SPAN_S / BAR_S;

/** Solves of the last hour, by bar. */
export interface Pulse {
  /** Count per bar, the oldest first. */
  readonly counts: readonly number[];
  readonly most: number;
  /** Bar of the viewer's own solve; undefined: none. */
  readonly own: number | undefined;
}

/** Counts each player's latest solve. `second`: the current time, in seconds since 1970. */
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
    // Clocks may differ: a solve in the future counts as now.
    const back = Math.max(0, newest - Math.floor(Date.parse(lastSolvedAt) / 1_000 / BAR_S));
    if (back >= BARS) continue;
    const bar = BARS - 1 - back;
    counts[bar] = (counts[bar] ?? 0) + 1;
    if (playerId === own) ownBar = bar;
  }
  return { counts, most: Math.max(...counts), own: ownBar };
}
