import { type Announcer, createAnnouncer } from '../../src/contest/announcer.ts';
import { runContestClock } from '../../src/contest/contest-clock.ts';
import { runListingTask } from '../../src/contest/listing-task.ts';
import type { Database } from '../../src/db/database.ts';
import { createLogPublisher, type LogPublisher } from '../../src/events/log-publisher.ts';
import { createPlatformClock, type PlatformClock } from '../../src/platform/clock.ts';
import { readRestrictions } from '../../src/platform/restrictions.ts';
import type { EventData } from '../../src/protocol/event.ts';
import { openAppender, wholeLog } from '../support/database/log.ts';

/** A leader task on contests, with an announcer. */
export interface ClockNode {
  readonly announcer: Announcer;
  readonly errors: unknown[];
  /** Starts the task. */
  start(): void;
  /** Stops the task; the announcer stays usable. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The part of a node that announces contests. */
export function openClockNode(
  database: Database,
  clock: PlatformClock = createPlatformClock(),
  polls: { readonly nearMs: number; readonly allMs: number } = { nearMs: 20, allMs: 60 },
): ClockNode {
  return openNode(database, clock, (publisher, onError, signal) =>
    runContestClock({ database, publisher, clock, onError, ...polls }, signal),
  );
}

/** The part of a node that publishes lists of contests. */
export function openListingNode(
  database: Database,
  polls: { readonly nearMs: number; readonly allMs: number } = { nearMs: 20, allMs: 60 },
): ClockNode {
  const clock = createPlatformClock();
  return openNode(database, clock, (publisher, onError, signal) =>
    runListingTask({ database, publisher, clock, onError, ...polls }, signal),
  );
}

type RunTask = (
  publisher: LogPublisher,
  onError: (error: unknown) => void,
  signal: AbortSignal,
) => Promise<void>;

function openNode(database: Database, clock: PlatformClock, run: RunTask): ClockNode {
  const appender = openAppender(database);
  // One appender on one connection: the term that its first append begins covers all that it appends.
  let term = '';
  const termAt = () => term;
  const publisher = createLogPublisher({
    append: async (units) => {
      const appended = await appender.append(units);
      term = appended.at(-1)?.term ?? term;
      return appended;
    },
    restrictions: (about) => readRestrictions(database, about),
  });
  const errors: unknown[] = [];
  let over = new AbortController();
  let running: Promise<void> | undefined;
  const stop = async () => {
    over.abort();
    await running;
  };
  return {
    announcer: createAnnouncer({ database, publisher, clock, termAt }),
    errors,
    start() {
      over = new AbortController();
      const onError = (error: unknown) => errors.push(error);
      running = run(publisher, onError, over.signal);
      running.catch(onError);
    },
    stop,
    async close() {
      await stop();
      await appender.close();
    },
  };
}

/** Platform times that many seconds from now, all relative to the same instant. */
export async function times<S extends readonly number[]>(
  database: Database,
  ...seconds: S
): Promise<{ [K in keyof S]: string }> {
  const moments = seconds.map(
    (_, index) =>
      `DATE_FORMAT(CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone) + INTERVAL ? SECOND,
                   '%Y-%m-%d %H:%i:%s') AS at${index}`,
  );
  const [row] = await database.query<Record<string, string>>(`SELECT ${moments.join(', ')}`, [...seconds]);
  return seconds.map((_, index) => row?.[`at${index}`] ?? '') as { [K in keyof S]: string };
}

/** Platform time that many seconds from now, as an admin types it. */
export async function inSeconds(database: Database, seconds: number): Promise<string> {
  const [at] = await times(database, seconds);
  return at;
}

/** Everything announced of a contest, in order: `LIVE`, `ENDED`, `END`. */
export async function announcementsOf(database: Database, contestId: number): Promise<string[]> {
  const rows = (await wholeLog(database)).filter(
    (row) => row.scope === `contest:${contestId}` && /^CONTEST_(?:STATUS|END)$/.test(row.type),
  );
  return rows.map((row) =>
    row.type === 'CONTEST_END' ? 'END' : (JSON.parse(row.data) as EventData<'CONTEST_STATUS'>).newStatus,
  );
}

/** Whether the contest clock has recorded the platform's present status of a contest. */
export async function isRecorded(database: Database, contestId: number): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM contest c JOIN contest_announced a ON a.contest_id = c.id
      WHERE c.id = ? AND a.platform_status = CONVERT(c.status USING ascii)`,
    [contestId],
  );
  return rows.length === 1;
}

/** Whether a contest's start or end has passed. */
export async function hasPassed(
  database: Database,
  contestId: number,
  column: 'start_time' | 'end_time',
): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM contest
      WHERE id = ? AND CONVERT_TZ(${column}, @@global.time_zone, '+00:00') < UTC_TIMESTAMP()`,
    [contestId],
  );
  return rows.length === 1;
}
