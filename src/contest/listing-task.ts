import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../db/try-lock.ts';
import type { EventDraft, EventUnit } from '../events/draft.ts';
import { prepare } from '../events/prepare.ts';
import { hasWinnersColumn, readFinalResults } from '../platform/results.ts';
import type { EventInput } from '../protocol/event.ts';
import { truncate } from '../util/truncate.ts';
import { type ContestTaskOptions, isSuperseded, isTooLarge } from './contest-task.ts';
import { type ContestListing, isListed, listingChange } from './listing.ts';
import {
  BASELINE_RECORDED,
  hasBaseline,
  type ListingSnapshot,
  readChangedListings,
  readDeletedListings,
  readLively,
  recordListings,
  updateListing,
} from './listing-rows.ts';

/** Max length of a title in an event, in UTF-16 units; the platform's may be longer. */
const MAX_TITLE_LENGTH = 200;
/** Max problems that an event names. */
const MAX_PROBLEMS = 1_000;

/**
 * Leader task that publishes what lists of contests show: new contests, changes, participant counts and final rankings.
 * It only reads the platform's tables. Where two nodes run it, each change is still published once. Runs until the signal ends.
 * @throws the database's errors: run it again
 */
export async function runListingTask(options: ContestTaskOptions, signal: AbortSignal): Promise<void> {
  const { database, clock, nearMs = 1_000, allMs = 30_000 } = options;
  const withWinners = await hasWinnersColumn(database);
  if (!(await hasBaseline(database))) await recordBaselines(options, withWinners, signal);
  let lively: number[] = [];
  let newest = 0;
  let nextPollOfAll = 0;
  while (!signal.aborted) {
    const all = performance.now() >= nextPollOfAll;
    const polled = all ? undefined : { ids: lively, newest };
    const changed = await readChangedListings(database, clock, { withWinners, polled });
    const snapshots = all ? [...changed, ...(await readDeletedListings(database))] : changed;
    await publishListings(options, snapshots, withWinners);
    if (all) {
      lively = await readLively(database);
      newest = lively.reduce((highest, id) => Math.max(highest, id), newest);
      nextPollOfAll = performance.now() + allMs;
    }
    for (const { id, current } of snapshots)
      if (current && id > newest) {
        newest = id;
        lively.push(id);
      }
    await sleep(nearMs, undefined, { signal }).catch(() => {});
  }
}

/** Records the contests that are there when this task runs for the first time; nothing is published of them. */
async function recordBaselines(
  { database, clock }: ContestTaskOptions,
  withWinners: boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const snapshots = await readChangedListings(database, clock, { withWinners });
    const rows = snapshots.flatMap(({ id, known, current }) => (known || !current ? [] : [{ id, current }]));
    if (rows.length === 0) {
      await database.execute(BASELINE_RECORDED);
      return;
    }
    let recorded = 0;
    for (const sql of recordListings(rows)) recorded += (await database.execute(sql)).affectedRows;
    if (recorded === 0) throw new Error('The first states of contests could not be recorded.');
  }
}

async function publishListings(
  options: ContestTaskOptions,
  snapshots: readonly ListingSnapshot[],
  withWinners: boolean,
): Promise<void> {
  const { database, publisher, onError } = options;
  /** @returns false when another node or transaction is changing one of the listings, or it is too much for one append */
  const publish = async (unit: EventUnit): Promise<boolean> => {
    try {
      await publisher.publishUnits([unit]);
    } catch (error) {
      if (isSuperseded(error) || isTooLarge(error)) return false;
      onError(error);
    }
    return true;
  };
  const publishCounts = async (counted: readonly ListingSnapshot[]): Promise<void> => {
    const unit = { drafts: countDrafts(counted), preconditions: counted.map(updateListing) };
    if ((await publish(unit)) || counted.length === 1) return;
    const middle = counted.length >> 1;
    await publishCounts(counted.slice(0, middle));
    await publishCounts(counted.slice(middle));
  };
  const counted: ListingSnapshot[] = [];
  for (const snapshot of snapshots) {
    try {
      const drafts = await draftsOf(options, snapshot, withWinners);
      const precondition = updateListing(snapshot);
      if (drafts.length > 0) await publish({ drafts, preconditions: [precondition] });
      else if (isCountChange(snapshot)) counted.push(snapshot);
      else
        await database.transaction(async (tx) => {
          if (await tryLock(tx, precondition.rows)) await tx.execute(precondition.sql);
        });
    } catch (error) {
      onError(error);
    }
  }
  if (counted.length > 0) await publishCounts(counted);
}

/** Whether nothing but the number of participants has changed, of a contest that others see. */
function isCountChange({ known, current }: ListingSnapshot): boolean {
  return (
    known !== undefined &&
    current !== undefined &&
    current.listing.status !== 'DRAFT' &&
    known.participantCount !== current.participantCount
  );
}

async function draftsOf(
  { database }: ContestTaskOptions,
  { id, known, current }: ListingSnapshot,
  withWinners: boolean,
): Promise<EventDraft[]> {
  const change = listingChange(known?.listing, current?.listing);
  const drafts: EventDraft[] = [];
  const internal = { internal: true };
  if (change.listed === 'added' && current)
    drafts.push(prepare('CONTEST_CREATED', { contestId: id, ...dataOf(current.listing) }, internal));
  else if (change.changed.length > 0 && current && current.listing.status !== 'DRAFT') {
    const changed: EventInput<'CONTEST_CHANGED'> = {
      contestId: id,
      ...dataOf(current.listing),
      changed: [...change.changed],
    };
    const draft = prepare('CONTEST_CHANGED', changed, internal);
    if (draft.rows.length > 0) drafts.push(draft);
  }
  if (change.listed === 'removed') drafts.push(prepare('CONTEST_UNLISTED', { contestId: id }, internal));
  if (current?.hasResults && !known?.resultsPublished) {
    const { winners, top, ranked } = await readFinalResults(database, id, withWinners);
    const results: EventInput<'CONTEST_RESULTS'> = {
      contestId: id,
      ...titleOf(current.listing),
      ranked,
      winners: [...winners],
      top: [...top],
    };
    drafts.push(prepare('CONTEST_RESULTS', results, internal));
  }
  if (drafts.length > 0 && current && known && known.participantCount !== current.participantCount)
    drafts.push(...countDrafts([{ id, known, current }]));
  return drafts;
}

/** One event for everybody about all public contests, and one for each contest. */
function countDrafts(snapshots: readonly ListingSnapshot[]): EventDraft[] {
  const counts = snapshots.flatMap(({ id, current }) =>
    current === undefined ? [] : [{ contestId: id, participantCount: current.participantCount, current }],
  );
  const listed = counts.filter(({ current }) => isListed(current.listing));
  const contests = listed.map(({ contestId, participantCount }) => ({ contestId, participantCount }));
  const drafts = counts.map(({ contestId, participantCount }) =>
    prepare('CONTEST_COUNTS', { contestId, contests: [{ contestId, participantCount }] }, { internal: true }),
  );
  if (contests.length > 0) drafts.push(prepare('CONTEST_COUNTS', { contests }, { internal: true }));
  return drafts;
}

/** Problems are named once the contest has started. */
function dataOf(listing: ContestListing) {
  const started = listing.status === 'LIVE' || listing.status === 'ENDED';
  return {
    ...titleOf(listing),
    status: listing.status,
    ...(listing.startsAt === null ? {} : { startsAt: listing.startsAt }),
    ...(listing.endsAt === null ? {} : { endsAt: listing.endsAt }),
    isPublic: listing.isPublic,
    problemCount: listing.problems.length,
    ...(started ? { problems: listing.problems.slice(0, MAX_PROBLEMS) } : {}),
  };
}

function titleOf({ title }: ContestListing): { contestTitle?: string } {
  const contestTitle = truncate(title, MAX_TITLE_LENGTH);
  return contestTitle === '' ? {} : { contestTitle };
}
