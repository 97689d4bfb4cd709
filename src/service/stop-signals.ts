import { constants } from 'node:os';

/** What asks a process to end: Ctrl-C, a supervisor, and the terminal or session that is gone. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof STOP_SIGNALS)[number];

/** Signals this close together are one request: npm passes on to its child what the terminal sent to both. Milliseconds. */
const SAME_REQUEST_MS = 500;

/**
 * Calls `stop` at the first signal. At the next one the process exits at once, with the code that shells give for the
 * signal; what is registered for its exit still runs.
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
