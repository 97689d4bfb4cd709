import { setTimeout as sleep } from 'node:timers/promises';
import type { Queries } from '../db/database.ts';
import type { LogPublisher } from '../events/log-publisher.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { Problem } from '../protocol/problem.ts';
import { sameAnnounced } from './announced.ts';
import { draftOf, readDetails } from './announcement-drafts.ts';
import {
  readNewest,
  readUnsettled,
  readWatched,
  remembering,
  type Sight,
  takingNote,
} from './contest-snapshot.ts';
import { type Decision, decide } from './decide.ts';
import { readStatusesOnTheirWay } from './pending-reports.ts';
import { WatchList } from './watch-list.ts';

export interface ContestClockOptions {
  readonly database: Pick<Queries, 'query' | 'execute'>;
  readonly publisher: Pick<LogPublisher, 'publishUnits'>;
  readonly clock: PlatformClock;
  /** Told of contests that could not be announced; they are tried again. */
  readonly onError: (error: unknown) => void;
  /** From one look at the contests that are near to the next, in ms; default 1000. */
  readonly nearMs?: number;
  /** From one look at all contests to the next, in ms; default 10,000. */
  readonly allMs?: number;
}

/** So many contests are noted in one statement, and announced at once. */
const NOTED_AT_ONCE = 1_000;
const TOLD_AT_ONCE = 50;

/**
 * The clock of the platform's contests: tells of their starts and ends when it strikes, and of statuses set by hand. It
 * only reads the platform's tables.
 *
 * To be run by one node at a time; if two run it, each announcement is made once all the same. Runs until the signal
 * ends.
 * @throws when the database cannot be read: run it again
 */
export async function runContestClock(options: ContestClockOptions, signal: AbortSignal): Promise<void> {
  const { database, clock, nearMs = 1_000, allMs = 10_000 } = options;
  const watched = new WatchList();
  let allAt = 0;
  /** How far the database's clock is ahead of this process's, in ms. */
  let ahead = 0;

  while (!signal.aborted) {
    const all = performance.now() >= allAt;
    if (all) watched.forget(await readNewest(database));
    const sights = all
      ? await readUnsettled(database, clock)
      : await readWatched(database, clock, watched.ids, watched.newest);
    if (all) allAt = performance.now() + allMs;
    const [first] = sights;
    if (first) ahead = first.now - Date.now();
    const decided = sights.flatMap((sight) => decisionOn(sight) ?? []);
    for (const { sight, contest, decision } of decided)
      watched.saw(sight.id, contest, decision.next, sight.now);
    await carryOut(options, decided);

    const now = Date.now() + ahead;
    const restMs = Math.min(nearMs, watched.next(now) - now);
    await sleep(Math.max(1, restMs), undefined, { signal }).catch(() => {});
  }
}

interface Decided {
  readonly sight: Sight;
  readonly contest: NonNullable<Sight['contest']>;
  readonly decision: Decision;
}

function decisionOn(sight: Sight): Decided | undefined {
  const { contest, announced, now } = sight;
  return contest && { sight, contest, decision: decide(contest, announced, now) };
}

/** Announces what was decided, and remembers what needs no announcement. */
async function carryOut(options: ContestClockOptions, decided: readonly Decided[]): Promise<void> {
  const changed = decided.filter(
    ({ sight, decision }) => !sight.announced || !sameAnnounced(sight.announced, decision.next),
  );
  if (changed.length === 0) return;
  const { database, onError } = options;
  // Triggers tell of each status that was set, in order; what is on its way from them is theirs to tell.
  const waiting = await readStatusesOnTheirWay(database);
  const due = changed.filter(({ sight }) => !waiting.has(sight.id));
  const loud = due.filter(({ decision }) => decision.announcements.length > 0);
  const silent = due.filter(({ decision }) => decision.announcements.length === 0);

  for (const part of parts(silent, NOTED_AT_ONCE))
    await database.execute(takingNote(part.map(({ sight, decision }) => [sight.id, decision.next])));
  for (const part of parts(loud, TOLD_AT_ONCE)) {
    const details = await readDetails(
      database,
      part.map(({ sight }) => sight.id),
    );
    // async: what is wrong with one of them does not keep the others from being told.
    const told = part.map(async ({ sight, contest, decision }) =>
      options.publisher.publishUnits([
        {
          drafts: decision.announcements.map((one) => draftOf(sight.id, one, contest, details.get(sight.id))),
          preconditions: [remembering(sight.id, sight.announced, decision.next)],
        },
      ]),
    );
    for (const outcome of await Promise.allSettled(told))
      if (outcome.status === 'rejected' && !isSuperseded(outcome.reason)) onError(outcome.reason);
  }
}

/** Somebody else was faster: the next look shows what is left to be told. */
function isSuperseded(error: unknown): boolean {
  return error instanceof Problem && error.code === 'superseded';
}

function* parts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
