import type { Clock } from './types.ts';

export interface Stopwatch {
  /** Since it was started last, in ms. */
  readonly ms: number;
  restart(): void;
}

/**
 * Measures time that passes. The wall clock may be set, and the monotonic one may stand still while the machine sleeps:
 * the longer of the two is taken.
 */
export function createStopwatch(clock: Clock): Stopwatch {
  const read = () => [clock.now(), clock.elapsed?.() ?? 0] as const;
  let [wall, steady] = read();
  return {
    get ms() {
      const [wallNow, steadyNow] = read();
      return Math.max(wallNow - wall, steadyNow - steady);
    },
    restart() {
      [wall, steady] = read();
    },
  };
}
