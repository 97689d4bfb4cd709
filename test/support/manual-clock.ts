import type { Clock } from '../../src/client/types.ts';

/** Time that passes only when it is advanced. */
export interface ManualClock extends Clock {
  /** Lets so many ms pass, and everything that is due in them happen, in order. */
  pass(ms: number): void;
  /** So many timers wait. */
  readonly waiting: number;
}

export function createManualClock(): ManualClock {
  const timers = new Map<number, { at: number; callback: () => void }>();
  let now = 1_700_000_000_000;
  let last = 0;
  return {
    now: () => now,
    setTimeout(callback, ms) {
      timers.set(++last, { at: now + Math.max(0, ms), callback });
      return last;
    },
    clearTimeout: (timer) => void timers.delete(timer as number),
    get waiting() {
      return timers.size;
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const [due] = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (!due) break;
        const [timer, { at, callback }] = due;
        timers.delete(timer);
        now = at;
        callback();
      }
      now = end;
    },
  };
}
