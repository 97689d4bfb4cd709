import { setTimeout as sleep } from 'node:timers/promises';
import { type Query, readHeadLocked, readTails } from '../log/reader.ts';
import { parseCursor } from '../protocol/cursor.ts';
import type { EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';
import { type LogState, planResume, type ResumePlan } from './resume.ts';

export interface PlanDeps {
  readonly follower: { readonly position: number; readonly epoch: string; hint(head: number): void };
  readonly query: Query;
}

/** How long a stream waits for this node to reach a cursor that another node gave out. Milliseconds. */
const CATCH_UP_MS = 2_000;
/** What was let go is looked up so often at the most; replay itself notices what is let go meanwhile. Milliseconds. */
const TAILS_MS = 2_000;

/** Makes the planner of this process: it knows the log's state, and asks the database where it has to. */
export function createPlanner({ follower, query }: PlanDeps) {
  let tails: { at: number; value: Promise<LogState['tails']> } | undefined;

  function presentTails(): Promise<LogState['tails']> {
    const now = performance.now();
    if (!tails || now - tails.at > TAILS_MS) {
      const value = readTails(query);
      tails = { at: now, value };
      value.catch(() => {
        tails = undefined;
      });
    }
    return tails.value;
  }

  /** A cursor from a node that is ahead of this one is no lie: wait until this one is there. */
  async function reach(requested: string): Promise<void> {
    const cursor = parseCursor(requested);
    if (!cursor || cursor.id <= follower.position) return;
    if (cursor.epoch !== undefined && cursor.epoch !== follower.epoch) return;
    const { head } = await readHeadLocked(query);
    if (cursor.id > head) return;
    follower.hint(head);
    const patience = performance.now() + CATCH_UP_MS;
    while (follower.position < cursor.id && performance.now() < patience) await sleep(5);
  }

  /**
   * Where a stream that asks for `requested` begins.
   * @throws when the database is needed and cannot be reached
   */
  return async function plan(
    requested: string | undefined,
    scopes: readonly Scope[],
    wanted: ReadonlySet<EventType> | undefined,
  ): Promise<ResumePlan> {
    if (requested === undefined) return { from: follower.position, recovered: true };
    await reach(requested);
    const value = await presentTails();
    return planResume(requested, scopes, wanted, {
      head: follower.position,
      epoch: follower.epoch,
      tails: value,
    });
  };
}
