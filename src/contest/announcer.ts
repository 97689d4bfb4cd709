import { setTimeout as sleep } from 'node:timers/promises';
import { isLocked } from '../db/errors.ts';
import type { EventUnit } from '../events/draft.ts';
import { type LogPublisher, type UncheckedEvent, unitsOf } from '../events/log-publisher.ts';
import type { Precondition } from '../log/append-statement.ts';
import type { NewEvent } from '../protocol/event.ts';
import { Problem } from '../protocol/problem.ts';
import type { Published } from '../protocol/publishing.ts';
import { backoffDelay } from '../util/backoff.ts';
import { type AnnouncementPlanDeps, contestOf, planOf } from './announcement-plan.ts';
import type { ContestReport } from './report.ts';

export interface AnnouncerDeps extends AnnouncementPlanDeps {
  readonly publisher: LogPublisher;
}

/** Publisher that records what is announced of contests, so that nothing is announced twice. */
export interface Announcer extends LogPublisher {
  /**
   * Announces a contest's status or end, unless it was the last thing announced of it.
   * @param preconditions run in the transaction that appends the event
   * @returns false when it was announced already: nothing is done then
   * @throws Problem `superseded` when a precondition fails, or another transaction has locked the contest's announced
   *   state (`isLocked`); and the publisher's errors
   */
  announce(
    event: NewEvent & { readonly type: ContestReport['type'] },
    preconditions?: readonly Precondition[],
  ): Promise<boolean>;
}

/** Max attempts while other nodes announce something of the same contests. */
const MAX_ATTEMPTS = 6;
/** Delays before another attempt where the announced state of a contest is locked. */
const LOCKED = { minMs: 50, maxMs: 400 };

/**
 * Wraps a publisher. An event whose idempotency key is its natural key is the same event as the contest clock's and the
 * triggers': the second publisher gets the first one's answer as a `duplicate`. Any other event is published in any case.
 */
export function createAnnouncer(deps: AnnouncerDeps): Announcer {
  const { publisher } = deps;

  /** @param patient whether to wait for a moment where the announced state of a contest is locked */
  function publish(units: readonly EventUnit[], patient: boolean): Promise<Published[]> {
    const reports = ({ drafts }: EventUnit) => drafts.some((draft) => contestOf(draft) !== undefined);
    return units.some(reports) ? publishReports(units, patient) : publisher.publishUnits(units);
  }

  async function publishReports(units: readonly EventUnit[], patient: boolean): Promise<Published[]> {
    const ids = units.flatMap(({ drafts }) => drafts.flatMap((draft) => contestOf(draft) ?? []));
    for (let attempt = 1; ; attempt++) {
      const plan = await planOf(deps, units, [...new Set(ids)]);
      const published = plan.units.length === 0 ? [] : await tryPublish(plan.units, attempt, patient);
      if (!published) continue;
      return plan.answers.map((answer) => {
        if (!('place' in answer)) return answer;
        const found = published[answer.place] as Published;
        return answer.duplicate ? { ...found, duplicate: true } : found;
      });
    }
  }

  /** @returns undefined when another node has announced something of one of the contests since the plan */
  async function tryPublish(
    units: readonly EventUnit[],
    attempt: number,
    patient: boolean,
  ): Promise<Published[] | undefined> {
    try {
      return await publisher.publishUnits(units);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'superseded') throw error;
      const locked = isLocked(error);
      if (locked && !patient) throw error;
      if (attempt === MAX_ATTEMPTS)
        throw locked ? new Problem('database-unavailable', { retryAfter: 1, cause: error }) : error;
      if (locked) await sleep(backoffDelay(attempt, LOCKED));
      return undefined;
    }
  }

  const publishUnchecked: LogPublisher['publishUnchecked'] = (events, options) => {
    // Returns the publisher's promise itself: an async function makes one more for each event.
    try {
      return publish(unitsOf(events, options), true);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return {
    ...publisher,
    publishUnchecked,
    publish: (events, options) =>
      publishUnchecked((Array.isArray(events) ? events : [events]) as UncheckedEvent[], options),
    async announce(event, preconditions = []) {
      const [unit] = unitsOf([{ type: event.type, data: event.data }]) as [EventUnit];
      const [published] = await publish([{ ...unit, byNaturalKey: true, preconditions }], false);
      return published?.duplicate === false;
    },
  };
}
