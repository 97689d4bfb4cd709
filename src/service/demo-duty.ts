import type { Database } from '../db/database.ts';
import { runDemo } from '../demo/run.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { Duty } from './duties.ts';

export interface DemoDutyDeps {
  readonly database: Database;
  readonly publisher: Pick<LogPublisher, 'publish'>;
  readonly clock: PlatformClock;
  /** Between two events, in ms. */
  readonly intervalMs: number;
  /** Told of a contest whose scores may be others now. */
  readonly onScores: (contestId: number) => void;
  readonly onError: (error: unknown, where: string) => void;
}

/** The demo goes on, on one node at a time. */
export function demoDuty({ onError, ...demo }: DemoDutyDeps): Duty {
  const { intervalMs } = demo;
  return {
    name: 'demo',
    everyMs: intervalMs,
    run: (signal) => runDemo({ ...demo, signal, onError: (error) => onError(error, 'demo') }),
  };
}
