import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../db/try-lock.ts';
import { chunk } from '../util/chunk.ts';
import { recordBaseline, rowsOf, updateIfUnchanged } from './announced-rows.ts';
import { type AnnouncedState, sameState } from './announced-state.ts';
import { draftOf, readDetails } from './announcement-drafts.ts';
import { type ContestSnapshot, readNamedOrNewer, readNewestId, readUnsettled } from './contest-snapshot.ts';
import { type ContestTaskOptions, isSuperseded } from './contest-task.ts';
import { type Decision, decide } from './decide.ts';
import { readPendingReports } from './reported-events.ts';
import { WatchList } from './watch-list.ts';

/** Max contests whose baseline is recorded in one statement: below a max_allowed_packet of 64 KiB. */
const MAX_RECORDED = 250;
/** Max contests that are announced concurrently. */
const MAX_ANNOUNCED = 50;

/**
 * Contest clock: announces starts and ends when they pass, and statuses that are set by hand. It only reads the platform's
 * tables. To be run on one node at a time; if two run it, each announcement is still made once. Runs until the signal ends.
 * @throws the database's errors: run it again
 */
export async function runContestClock(options: ContestTaskOptions, signal: AbortSignal): Promise<void> {
  const { database, clock, nearMs = 1_000, allMs = 10_000 } = options;
  const watched = new WatchList();
  let nextPollOfAll = 0;
  /** Database's time minus this process's monotonic time, ms. */
  let offset = 0;

  while (!signal.aborted) {
    const all = performance.now() >= nextPollOfAll;
    if (all) watched.reset(await readNewestId(database));
    const snapshots = all
      ? await readUnsettled(database, clock)
      : await readNamedOrNewer(database, clock, watched.ids, watched.newestId);
    if (all) nextPollOfAll = performance.now() + allMs;
    const [first] = snapshots;
    if (first) offset = first.now - performance.now();
    const decided = snapshots.flatMap((snapshot) => decisionOn(snapshot) ?? []);
    for (const { snapshot, contest, decision } of decided)
      watched.update(snapshot.id, contest, decision.next, snapshot.now);
    await carryOut(options, decided);

    const now = performance.now() + offset;
    const restMs = Math.min(nearMs, watched.nextInstantAfter(now) - now);
    await sleep(Math.max(1, restMs), undefined, { signal }).catch(() => {});
  }
}

interface Decided {
  readonly snapshot: ContestSnapshot;
  readonly contest: NonNullable<ContestSnapshot['contest']>;
  readonly decision: Decision;
}

function decisionOn(snapshot: ContestSnapshot): Decided | undefined {
  const { contest, announced, now } = snapshot;
  return contest && { snapshot, contest, decision: decide(contest, announced, now) };
}

/** Publishes the announcements, and records states that need none. */
async function carryOut(options: ContestTaskOptions, decided: readonly Decided[]): Promise<void> {
  const changed = decided.filter(
    ({ snapshot, decision }) => !snapshot.announced || !sameState(snapshot.announced, decision.next),
  );
  if (changed.length === 0) return;
  const { database, onError } = options;
  // Triggers report every status in order: what waits in the outbox is announced by the relay.
  const pending = await readPendingReports(database);
  const due = changed.filter(({ snapshot }) => !pending.has(snapshot.id));
  const announced = due.filter(({ decision }) => decision.announcements.length > 0);
  const silent = due.filter(({ decision }) => decision.announcements.length === 0);

  for (const part of chunk(announced, MAX_ANNOUNCED)) {
    const details = await readDetails(
      database,
      part.map(({ snapshot }) => snapshot.id),
    );
    // async: an error in the draft of one contest does not keep the others from being announced.
    const published = part.map(async ({ snapshot, contest, decision }) =>
      options.publisher.publishUnits([
        {
          drafts: decision.announcements.map((one) =>
            draftOf(snapshot.id, one, contest, details.get(snapshot.id)),
          ),
          preconditions: [updateIfUnchanged(snapshot.id, snapshot.announced, decision.next)],
        },
      ]),
    );
    for (const outcome of await Promise.allSettled(published))
      if (outcome.status === 'rejected' && !isSuperseded(outcome.reason)) onError(outcome.reason);
  }
  for (const part of chunk(silent, MAX_RECORDED))
    await record(
      options,
      part.map(({ snapshot, decision }) => [snapshot.id, decision.next]),
    );
}

/** Records states, except of contests whose row another transaction has locked: those are left to a later poll. */
async function record(
  options: Pick<ContestTaskOptions, 'database'>,
  states: readonly (readonly [id: number, next: AnnouncedState])[],
): Promise<void> {
  // A transaction is repeated where it meets those of other nodes in a deadlock.
  const recorded = await options.database.transaction(async (tx) => {
    if (!(await tryLock(tx, rowsOf(states.map(([id]) => id))))) return false;
    await tx.execute(recordBaseline(states));
    return true;
  });
  if (recorded || states.length === 1) return;
  const middle = states.length >> 1;
  await record(options, states.slice(0, middle));
  await record(options, states.slice(middle));
}
