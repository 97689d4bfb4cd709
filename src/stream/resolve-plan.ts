import { setTimeout as sleep } from 'node:timers/promises';
import { type Query, readEndLocked, readTails } from '../log/reader.ts';
import type { Terms } from '../log/terms.ts';
import { parseCursor } from '../protocol/cursor.ts';
import type { EventType } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import type { Scope } from '../protocol/scope.ts';
import { type LogState, planResume, type ResumePlan } from './resume.ts';

export interface PlanDeps {
  readonly follower: {
    readonly position: number;
    readonly terms: Terms;
    hint(head: number): void;
    /** Resolves after a poll that began later. */
    refresh(): Promise<void>;
  };
  readonly query: Query;
}

/** Max wait until this node reaches a cursor that another node issued, ms. */
const CATCH_UP_MS = 2_000;
/** Max age of cached tails, ms; a replay notices later deletions itself. */
const TAILS_MS = 2_000;

/** Makes what waits in this process for cursors that other nodes issued. */
export function createReach({ follower, query }: PlanDeps) {
  /**
   * Waits until this node is at the position and in the term of a cursor, which another node has reached. Returns at once for
   * what is no cursor.
   * @throws Problem `overloaded` when the log is not read in time, or the position exists and is not reached here in time
   */
  return async function reach(requested: string): Promise<void> {
    const cursor = parseCursor(requested);
    const isValid = () => cursor && follower.terms.judge(cursor, follower.position).valid;
    if (!cursor || isValid()) return;
    const deadline = performance.now() + CATCH_UP_MS;
    const refreshed = await Promise.race([
      follower.refresh().then(() => true),
      sleep(CATCH_UP_MS, false, { ref: false }),
    ]);
    if (isValid()) return;
    // Terms that were not read again lack a term that another node began meanwhile.
    if (!refreshed) throw new Problem('overloaded', { retryAfter: 1 });
    const shared =
      cursor.term === undefined ? Number.POSITIVE_INFINITY : follower.terms.lastShared(cursor.term);
    if (shared === undefined || cursor.id > shared) return;
    const end = await readEndLocked(query);
    if (cursor.id > end) return;
    follower.hint(end);
    while (follower.position < cursor.id && performance.now() < deadline) await sleep(5);
    if (follower.position < cursor.id) throw new Problem('overloaded', { retryAfter: 1 });
  };
}

/** Makes the planner of this process. It uses the state of the log in memory, and the database where that is not enough. */
export function createPlanner({ follower, query }: PlanDeps) {
  const reach = createReach({ follower, query });
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

  /**
   * Prepares where a stream that asks for `requested` begins. The result plans it by the log as this process knows it at
   * the time of that call: to be called in the tick in which the stream is opened, since a log that is reset in between
   * closes only the streams that are open.
   * @throws when the database is needed and cannot be reached
   */
  return async function prepare(
    requested: string | undefined,
    scopes: readonly Scope[],
    wanted: ReadonlySet<EventType> | undefined,
  ): Promise<() => ResumePlan> {
    if (requested === undefined) return () => ({ from: follower.position, recovered: true, gapsThrough: 0 });
    await reach(requested);
    const value = await presentTails();
    return () =>
      planResume(requested, scopes, wanted, {
        head: follower.position,
        terms: follower.terms,
        tails: value,
      });
  };
}
