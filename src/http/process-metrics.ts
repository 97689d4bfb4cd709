import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * Interval at which the delay of the event loop is sampled, ms. Each sample wakes the process up: at the library's 10 ms that
 * costs a process at rest as much as all else that it does. The delays that are reported include the interval.
 */
const SAMPLE_MS = 100;

/** Adds the metrics of this process: memory, CPU time, event loop, garbage collection. */
export function collectProcessMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: SAMPLE_MS });
}
