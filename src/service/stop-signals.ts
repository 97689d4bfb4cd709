import { constants } from 'node:os';

/** Signals that ask a process to end: Ctrl-C, a supervisor's stop, and the end of the terminal or session. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof STOP_SIGNALS)[number];

/** Signals within this time are one request, ms: npm forwards to its child what the terminal sent to both. */
const SAME_REQUEST_MS = 500;

/**
 * Calls `stop` at the first signal. At the next one the process exits at once, with 128 + the number of the signal as its
 * code; its `exit` handlers still run.
 */
export function onStopSignal(stop: (signal: StopSignal) => void): void {
  let firstAt: number | undefined;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        stop(signal);
      } else if (now - firstAt > SAME_REQUEST_MS) {
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
}
