import type { Worker } from '../../service/service.ts';

/** What a supervisor passes to the process of a worker. */
export interface Assignment extends Worker {
  /** Whether it prints the greeting of the quickstart. */
  readonly greets: boolean;
}

/** Variable that carries it. Not for users: the supervisor sets it. */
const VARIABLE = 'CODECRAFT_LIVE_WORKER';

export function writeAssignment(assignment: Assignment): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(assignment) };
}

/** Reads the assignment of this process; undefined where no supervisor started it. */
export function readAssignment(env: Readonly<Record<string, string | undefined>>): Assignment | undefined {
  const text = env[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as Assignment);
}
