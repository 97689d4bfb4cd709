import type { Database } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { Problem } from '../protocol/problem.ts';

/** What the leader tasks that poll contests need. */
export interface ContestTaskOptions {
  readonly database: Pick<Database, 'query' | 'execute' | 'transaction'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  readonly clock: PlatformClock;
  /** Called for contests of which something could not be published; they are tried again at the next poll. */
  readonly onError: (error: unknown) => void;
  /** Time between two polls of contests that may change soon, ms; default 1000. */
  readonly nearMs?: number;
  /** Time between two polls of all contests, ms. */
  readonly allMs?: number;
}

/** Whether another node has published a change first: the next poll reads what is left. */
export function isSuperseded(error: unknown): boolean {
  return error instanceof Problem && error.code === 'superseded';
}

/** Whether an append exceeds what the database takes at once. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof Problem && error.code === 'body-too-large';
}
