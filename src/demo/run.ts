import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Transaction } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import { type PlatformClock, SERVER_CLOCK } from '../platform/clock.ts';
import type { NewEvent } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import { achievement } from './achievements.ts';
import { problemSolved, rankChange } from './contest-steps.ts';
import { findDemo } from './find.ts';
import { readLevels } from './levels.ts';
import type { World } from './world.ts';
import { levelUp } from './xp.ts';

export interface RunDemoOptions {
  readonly database: Database;
  readonly publisher: Pick<LogPublisher, 'publish'>;
  /** Default: that of the database server's zone. */
  readonly clock?: PlatformClock;
  /** Time between two events, ms. */
  readonly intervalMs: number;
  /** Stops the demo. */
  readonly signal: AbortSignal;
  /** Called with a contest whose scores may have changed. */
  readonly onScores?: (contestId: number) => void;
  readonly log?: (line: string) => void;
  /** Called for the first failure after a success, and not for those that follow. */
  readonly onError?: (error: unknown) => void;
  /** 0 … 1, as `Math.random`. */
  readonly random?: () => number;
}

type Step = (tx: Transaction, world: World) => Promise<NewEvent[]>;

const ROUND: readonly Step[] = [achievement, levelUp, rankChange, problemSolved];
/** Rounds between two announcements. */
const ROUNDS_TO_ANNOUNCEMENT = 5;

/**
 * Simulates demo players until the signal ends, one step every `intervalMs`: an achievement, a level-up, a better score, a
 * solved problem, and again. Levels and scores are written, so that events match the tables. Events that could not be
 * published are published later, before the next step.
 *
 * To be run by one process at a time. Returns early where there is no demo data.
 */
export async function runDemo(options: RunDemoOptions): Promise<void> {
  const { database, publisher, intervalMs, signal, log, onScores, onError } = options;
  let world: World | undefined;
  let unpublished: { readonly events: NewEvent[]; readonly key: string } | undefined;
  let failing = false;

  async function take(step: Step): Promise<boolean> {
    world ??= await explore(options);
    if (world === undefined) return false;
    if (unpublished === undefined) {
      const known = world;
      const events = await database.transaction((tx) => step(tx, known));
      unpublished = { events, key: `demo:${randomUUID()}` };
      onScores?.(known.contestId);
    }
    const { events, key } = unpublished;
    if (events.length > 0) await publisher.publish(events, { idempotencyKey: key });
    unpublished = undefined;
    return true;
  }

  for (let turn = 0; ; ) {
    await sleep(intervalMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      if (!(await take(stepOf(turn)))) {
        log?.('there is no demo data in this database: no demo events');
        return;
      }
      turn += 1;
      if (failing) log?.('the demo goes on');
      failing = false;
    } catch (error) {
      if (!failing && !signal.aborted) onError?.(error);
      failing = true;
      world = undefined;
      // Events that are invalid must not block those that follow.
      if (error instanceof Problem && error.status < 500) unpublished = undefined;
    }
  }
}

function stepOf(turn: number): Step {
  const cycle = ROUND.length * ROUNDS_TO_ANNOUNCEMENT + 1;
  const within = turn % cycle;
  return within === cycle - 1
    ? async (_, world) => [announcement(Math.floor(turn / cycle), world)]
    : (ROUND[within % ROUND.length] as Step);
}

function announcement(number: number, { contestId, contestTitle }: World): NewEvent {
  const toAll: NewEvent = {
    type: 'ANNOUNCEMENT',
    data: { title: 'Join in', message: `${contestTitle} is open to everybody. Come and solve something!` },
  };
  const participants: NewEvent = {
    type: 'ANNOUNCEMENT',
    data: {
      contestId,
      title: 'A hint',
      message: 'Think of the empty input before you submit.',
      severity: 'WARNING',
    },
  };
  return number % 2 === 0 ? toAll : participants;
}

async function explore(options: RunDemoOptions): Promise<World | undefined> {
  const { database, clock = SERVER_CLOCK, random = Math.random } = options;
  const demo = await findDemo(database);
  if (demo === undefined) return undefined;
  const { contestId, contestTitle } = demo;
  const levels = await readLevels(database);
  return { contestId, contestTitle, levels, clock, random };
}
