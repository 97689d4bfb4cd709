import { setMaxListeners } from 'node:events';
import type { Database } from '../db/database.ts';
import { NamedLock } from '../db/named-lock.ts';
import { WakeableSleep } from '../util/wakeable-sleep.ts';
import type { Part, PeriodicTask } from './parts.ts';

export interface TasksDeps {
  readonly database: Database;
  /** Run by every node. */
  readonly nodeTasks: readonly PeriodicTask[];
  /** Run by the node that holds the named lock. */
  readonly leaderTasks: readonly PeriodicTask[];
  readonly onError: (error: unknown, where: string) => void;
}

/** Name of the leader's lock. Nodes of other releases hold it, too: renaming it would give two leaders. */
const LEADER_LOCK = 'duties';

/** Starts the tasks of this node, and those of the leader whenever this node holds its lock. */
export function openTasks({ database, nodeTasks, leaderTasks, onError }: TasksDeps): Part {
  const lock = new NamedLock(database, LEADER_LOCK, {
    onAcquired: (signal) => runTasks(leaderTasks, signal, onError),
    onError: (error) => onError(error, 'leader tasks'),
  });
  const ending = new AbortController();
  const running = runTasks(nodeTasks, ending.signal, onError);
  lock.start();
  return {
    async close() {
      try {
        await lock.close();
      } finally {
        ending.abort();
        await running;
      }
    },
  };
}

/** Repeats each task until the signal aborts. A run that fails is reported, and the task goes on. */
async function runTasks(
  tasks: readonly PeriodicTask[],
  signal: AbortSignal,
  onError: (error: unknown, task: string) => void,
): Promise<void> {
  // Each task waits on the signal; Node warns of more than ten.
  setMaxListeners(Math.max(10, tasks.length * 2), signal);
  await Promise.all(
    tasks.map(async (task) => {
      const pause = new WakeableSleep();
      while (!signal.aborted) {
        try {
          await task.run(signal);
        } catch (error) {
          if (!signal.aborted) onError(error, task.name);
        }
        await pause.rest(task.everyMs, signal);
      }
    }),
  );
}
