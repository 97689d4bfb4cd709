import type { Clock } from './types.ts';

export interface Stopwatch {
  /** Time since the last restart, in ms. */
  readonly ms: number;
  restart(): void;
}

/**
 * Stopwatch that counts the time of a suspended machine. The wall clock may be set, and the monotonic one may stop during
 * suspension: it takes the longer of the two.
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
