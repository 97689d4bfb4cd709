import type { Queries } from '../db/database.ts';
import type { EventDraft, EventUnit } from '../events/draft.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { PlatformClock } from '../platform/clock.ts';
import type { EventData } from '../protocol/event.ts';
import type { Published } from '../protocol/publishing.ts';
import { completed, draftOf, readDetails } from './announcement-drafts.ts';
import { readSights, remembering, rememberingAnyhow, type Sight } from './contest-snapshot.ts';
import { findLastTold } from './last-announced.ts';
import { type Hearing, hear } from './report.ts';

export interface PlanDeps {
  readonly database: Pick<Queries, 'query'>;
  readonly clock: PlatformClock;
  readonly epoch: () => string;
}

/** What one event is answered with: what was published earlier, or what is published now, by its place in `units`' drafts. */
type Answer = Published | { readonly place: number; readonly duplicate?: true };

/** What is still to be appended of a call, and what its events are answered with. */
export interface Plan {
  readonly units: readonly EventUnit[];
  readonly answers: readonly Answer[];
}

/** The contest whose status or end is told. */
export function contestOf({ event }: EventDraft): number | undefined {
  if (event.type !== 'CONTEST_STATUS' && event.type !== 'CONTEST_END') return undefined;
  return event.data.contestId;
}

/** Finds out what of these units tells something new of contests `ids`, as things are now. */
export async function planOf(
  { database, clock, epoch }: PlanDeps,
  given: readonly EventUnit[],
  ids: readonly number[],
): Promise<Plan> {
  const sights = new Map((await readSights(database, clock, ids)).map((sight) => [sight.id, sight]));
  const details = await readDetails(database, ids);
  const units: EventUnit[] = [];
  const answers: Answer[] = [];
  const places = new Map<string, number>();
  let drafts = 0;

  /** Takes a unit into the plan. @returns the place of its last draft */
  function take(unit: EventUnit): number {
    units.push(unit);
    for (const draft of unit.drafts) places.set(`${draft.type} ${contestOf(draft)}`, drafts++);
    return drafts - 1;
  }

  for (const unit of given) {
    const named = nameable(unit, sights);
    if (!named) {
      const first = drafts;
      take(withMemory(unit, sights));
      answers.push(...unit.drafts.map((_, index) => ({ place: first + index })));
      continue;
    }
    const { draft, sight } = named;
    const { id, contest } = sight;
    const { repeat, oldStatus, before, next } = heard(draft, sight);
    if (repeat) {
      const place = places.get(`${draft.type} ${id}`);
      const earlier: Answer | undefined =
        place === undefined ? await findLastTold(database, draft, epoch) : { place, duplicate: true };
      if (earlier) {
        answers.push(earlier);
        continue;
      }
    }
    const known = { contest, details: details.get(id), oldStatus };
    const place = take({
      drafts: [...before.map((one) => draftOf(id, one, contest, known.details)), completed(draft, known)],
      preconditions: [...(unit.preconditions ?? []), remembering(id, sight.announced, next)],
    });
    answers.push({ place });
    sights.set(id, { ...sight, announced: next });
  }
  return { units, answers };
}

/** The only draft of a unit whose key is the name of what happened to a contest. */
function nameable(
  { drafts, byNaturalKey }: EventUnit,
  sights: ReadonlyMap<number, Sight>,
): { readonly draft: EventDraft; readonly sight: Sight } | undefined {
  const [draft] = drafts;
  if (!draft || drafts.length !== 1 || !byNaturalKey) return undefined;
  const id = contestOf(draft);
  const sight = id === undefined ? undefined : sights.get(id);
  return sight && { draft, sight };
}

/** A unit that is published as it is, with what is to be remembered of it. */
function withMemory(unit: EventUnit, sights: Map<number, Sight>): EventUnit {
  const guards: Precondition[] = [];
  for (const draft of unit.drafts) {
    const id = contestOf(draft);
    const sight = id === undefined ? undefined : sights.get(id);
    if (id === undefined || sight === undefined) continue;
    const { next } = heard(draft, sight);
    guards.push(rememberingAnyhow(id, next));
    sights.set(id, { ...sight, announced: next });
  }
  return guards.length === 0 ? unit : { ...unit, preconditions: [...(unit.preconditions ?? []), ...guards] };
}

function heard({ event }: EventDraft, { contest, announced, now }: Sight): Hearing {
  if (event.type === 'CONTEST_END') return hear({ type: event.type }, contest, announced, now);
  const { newStatus } = event.data as EventData<'CONTEST_STATUS'>;
  return hear({ type: 'CONTEST_STATUS', newStatus }, contest, announced, now);
}
