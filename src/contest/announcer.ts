import type { EventUnit } from '../events/draft.ts';
import { type LogPublisher, type UncheckedEvent, unitsOf } from '../events/log-publisher.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { NewEvent } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import type { Published } from '../protocol/publishing.ts';
import { contestOf, type PlanDeps, planOf } from './announcement-plan.ts';
import type { Saying } from './report.ts';

export interface AnnouncerDeps extends PlanDeps {
  readonly publisher: LogPublisher;
}

/** Publishes as any publisher does, and remembers what was said of contests, so that nothing is told twice. */
export interface Announcer extends LogPublisher {
  /**
   * Tells of a contest's status or end unless that was what was told last, together with the statements of `guards`.
   * @returns false when it was: nothing has been done then
   * @throws Problem `superseded` when one of `guards` did not do its work, and as a publisher does
   */
  announce(
    event: NewEvent & { readonly type: Saying['type'] },
    guards?: readonly Precondition[],
  ): Promise<boolean>;
}

/** How often others may be faster before it is given up. */
const ATTEMPTS = 6;

/**
 * Whoever names what happened (its key is `naturalKeyOf` the event) tells of the same event as the contest clock and the
 * triggers do, and is told that it is a `duplicate` when one of them was first. Any other event is published as it is.
 */
export function createAnnouncer(deps: AnnouncerDeps): Announcer {
  const { publisher } = deps;

  async function publish(units: readonly EventUnit[]): Promise<Published[]> {
    const ids = units.flatMap(({ drafts }) => drafts.flatMap((draft) => contestOf(draft) ?? []));
    if (ids.length === 0) return publisher.publishUnits(units);
    for (let attempt = 1; ; attempt++) {
      const plan = await planOf(deps, units, [...new Set(ids)]);
      const published = plan.units.length === 0 ? [] : await tryTo(plan.units, attempt);
      if (!published) continue;
      return plan.answers.map((answer) => {
        if (!('place' in answer)) return answer;
        const found = published[answer.place] as Published;
        return answer.duplicate ? { ...found, duplicate: true } : found;
      });
    }
  }

  /** @returns undefined when somebody else told of one of the contests meanwhile */
  async function tryTo(units: readonly EventUnit[], attempt: number): Promise<Published[] | undefined> {
    try {
      return await publisher.publishUnits(units);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'superseded' || attempt === ATTEMPTS) throw error;
      return undefined;
    }
  }

  const publishUnchecked: LogPublisher['publishUnchecked'] = async (events, options) =>
    publish(unitsOf(events, options));
  return {
    ...publisher,
    publishUnchecked,
    publish: (events, options) =>
      publishUnchecked((Array.isArray(events) ? events : [events]) as UncheckedEvent[], options),
    async announce(event, guards = []) {
      const [unit] = unitsOf([{ type: event.type, data: event.data }]) as [EventUnit];
      const [published] = await publish([{ ...unit, byNaturalKey: true, preconditions: guards }]);
      return published?.duplicate === false;
    },
  };
}
