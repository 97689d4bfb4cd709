import type { Queries } from '../db/database.ts';
import type { EventDraft, EventUnit } from '../events/draft.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { EventData } from '../protocol/event.ts';
import type { Published } from '../protocol/publishing.ts';
import { updateIfUnchanged, upsertUnconditionally } from './announced-rows.ts';
import { completeReport, draftOf, readDetails } from './announcement-drafts.ts';
import { type ContestSnapshot, readSnapshots } from './contest-snapshot.ts';
import { applyReport, type ReportOutcome } from './report.ts';
import { findLastAnnounced } from './reported-events.ts';

export interface AnnouncementPlanDeps {
  readonly database: Pick<Queries, 'query'>;
  readonly clock: PlatformClock;
  /** Word of the term that covers a position. */
  readonly termAt: (id: number) => string;
}

/** Answer to one event: what was published earlier, or the index of a draft in the plan's units. */
type Answer = Published | { readonly place: number; readonly duplicate?: true };

/** Units to be appended for a call, and the answer to each of its events. */
export interface Plan {
  readonly units: readonly EventUnit[];
  readonly answers: readonly Answer[];
}

/** Contest whose status or end an event reports; undefined for any other event. */
export function contestOf({ event }: EventDraft): number | undefined {
  if (event.type !== 'CONTEST_STATUS' && event.type !== 'CONTEST_END') return undefined;
  return event.data.contestId;
}

/** Compares units with what has been announced of contests `ids`: drops repeats, completes reports, records states. */
export async function planOf(
  { database, clock, termAt }: AnnouncementPlanDeps,
  given: readonly EventUnit[],
  ids: readonly number[],
): Promise<Plan> {
  const snapshots = new Map((await readSnapshots(database, clock, ids)).map((one) => [one.id, one]));
  const details = await readDetails(database, ids);
  const units: EventUnit[] = [];
  const answers: Answer[] = [];
  const places = new Map<string, number>();
  let drafts = 0;

  /** Adds a unit to the plan. @returns the index of its last draft */
  function add(unit: EventUnit): number {
    units.push(unit);
    for (const draft of unit.drafts) places.set(`${draft.type} ${contestOf(draft)}`, drafts++);
    return drafts - 1;
  }

  for (const unit of given) {
    const report = reportIn(unit, snapshots);
    if (!report) {
      const first = drafts;
      add(withStates(unit, snapshots));
      answers.push(...unit.drafts.map((_, index) => ({ place: first + index })));
      continue;
    }
    const { draft, snapshot } = report;
    const { id, contest } = snapshot;
    const { repeat, oldStatus, before, next } = outcomeOf(draft, snapshot);
    if (repeat) {
      const place = places.get(`${draft.type} ${id}`);
      const earlier: Answer | undefined =
        place === undefined ? await findLastAnnounced(database, draft, termAt) : { place, duplicate: true };
      if (earlier) {
        answers.push(earlier);
        continue;
      }
    }
    const context = { contest, details: details.get(id), oldStatus };
    const place = add({
      drafts: [
        ...before.map((one) => draftOf(id, one, contest, context.details)),
        completeReport(draft, context),
      ],
      preconditions: [...(unit.preconditions ?? []), updateIfUnchanged(id, snapshot.announced, next)],
    });
    answers.push({ place });
    snapshots.set(id, { ...snapshot, announced: next });
  }
  return { units, answers };
}

/** The report that a unit consists of; undefined unless its idempotency key is the event's natural key. */
function reportIn(
  { drafts, byNaturalKey }: EventUnit,
  snapshots: ReadonlyMap<number, ContestSnapshot>,
): { readonly draft: EventDraft; readonly snapshot: ContestSnapshot } | undefined {
  const [draft] = drafts;
  if (!draft || drafts.length !== 1 || !byNaturalKey) return undefined;
  const id = contestOf(draft);
  const snapshot = id === undefined ? undefined : snapshots.get(id);
  return snapshot && { draft, snapshot };
}

/** A unit that is published in any case, together with the states after its events. */
function withStates(unit: EventUnit, snapshots: Map<number, ContestSnapshot>): EventUnit {
  const states: Precondition[] = [];
  for (const draft of unit.drafts) {
    const id = contestOf(draft);
    const snapshot = id === undefined ? undefined : snapshots.get(id);
    if (id === undefined || snapshot === undefined) continue;
    const { next } = outcomeOf(draft, snapshot);
    states.push(upsertUnconditionally(id, next));
    snapshots.set(id, { ...snapshot, announced: next });
  }
  return states.length === 0 ? unit : { ...unit, preconditions: [...(unit.preconditions ?? []), ...states] };
}

function outcomeOf({ event }: EventDraft, { contest, announced, now }: ContestSnapshot): ReportOutcome {
  if (event.type === 'CONTEST_END') return applyReport({ type: event.type }, contest, announced, now);
  const { newStatus } = event.data as EventData<'CONTEST_STATUS'>;
  return applyReport({ type: 'CONTEST_STATUS', newStatus }, contest, announced, now);
}
