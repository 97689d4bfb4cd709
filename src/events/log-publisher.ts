import type { Unit } from '../log/append-statement.ts';
import type { Appended } from '../log/appender.ts';
import { formatCursor } from '../protocol/cursor.ts';
import type { EventType, NewEvent } from '../protocol/event.ts';
import { mayRecur } from '../protocol/natural-key.ts';
import { Problem } from '../protocol/problem.ts';
import type { EventPublisher, Published, PublishOptions } from '../protocol/publishing.ts';
import type { Scope } from '../protocol/scope.ts';
import { withDigests } from './digests.ts';
import type { EventDraft, EventUnit } from './draft.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { releaseKeys } from './log-keys.ts';
import { storePaced } from './paced-rows.ts';
import { prepare } from './prepare.ts';
import { type ReadRestrictions, redactUnits, scopesOf } from './redaction.ts';
import { type FindSolve, linkRetractions } from './retractions.ts';

/** Max events per call. */
export const MAX_EVENTS = 1_000;

/** Publisher of this service: validates, redacts what is restricted, and appends to the log. */
export interface LogPublisher extends EventPublisher {
  /** Like `publish`, for untyped events: from REST or SQL. */
  publishUnchecked(events: readonly UncheckedEvent[], options?: PublishOptions): Promise<Published[]>;
  /** Publishes an event of a type that only the service itself may publish. */
  publishInternal(type: EventType, data: unknown): Promise<Published>;
  /**
   * Publishes prepared units with their preconditions: all units or none.
   * @throws Problem `superseded` when a precondition failed, or only a part of a unit's keys is known
   */
  publishUnits(units: readonly EventUnit[], options?: PublishUnitsOptions): Promise<Published[]>;
}

export interface PublishUnitsOptions {
  /** Whether of many events to everybody their scope receives a digest (`withDigests`). Default: it receives each. */
  readonly conflates?: boolean;
}

/** Event that is not validated yet. */
export interface UncheckedEvent {
  readonly type: string;
  readonly data: unknown;
  readonly idempotencyKey?: string | undefined;
  /** JSON pointer to the event within the request. */
  readonly at?: string;
}

export interface LogPublisherOptions {
  readonly append: (units: readonly Unit[]) => Promise<Appended[]>;
  readonly restrictions: ReadRestrictions;
  /** Finds what a SOLVE_RETRACTED takes back. Default: nothing. */
  readonly findSolve?: FindSolve;
  /** Whether what follows from hidden verdicts waits for the next append of `PacedEvents`. Default: it does. */
  readonly paces?: boolean;
}

export function createLogPublisher(options: LogPublisherOptions): LogPublisher {
  const { append, restrictions, findSolve = async () => undefined, paces = true } = options;

  async function changeUnits(
    given: readonly EventUnit[],
    { conflates = false }: PublishUnitsOptions,
  ): Promise<readonly EventUnit[]> {
    const linked = given.some(hasRetraction) ? await linkRetractions(given, findSolve) : given;
    const released = linked.some(releasesKeys) ? releaseKeys(linked) : linked;
    const redacted = released.some(isRedactable)
      ? await redactUnits(released, restrictions, paces)
      : released;
    const paced = paces && redacted.some(isPaced) ? redacted.map(paceUnit) : redacted;
    return conflates ? withDigests(paced) : paced;
  }

  function appendUnits(given: readonly EventUnit[], options: PublishUnitsOptions = {}): Promise<Published[]> {
    // Without waiting for anything, the units share a batch with other calls of this moment.
    if (options.conflates !== true && given.every(isAppendedAsGiven))
      return append(given).then((appended) => publishedOf(given, given, appended));
    return changeUnits(given, options).then(async (units) => publishedOf(given, units, await append(units)));
  }

  const publishUnchecked = async (events: readonly UncheckedEvent[], options?: PublishOptions) =>
    appendUnits(unitsOf(events, options));

  return {
    publish: (events, options) =>
      publishUnchecked(Array.isArray(events) ? events : [events as NewEvent], options),
    publishUnchecked,
    publishUnits: appendUnits,
    publishInternal: async (type, data) => {
      const [published] = await appendUnits([{ drafts: [prepare(type, data, { internal: true })] }]);
      return published as Published;
    },
  };
}

/** @param units what was appended of the given ones */
function publishedOf(
  given: readonly EventUnit[],
  units: readonly EventUnit[],
  appended: readonly Appended[],
): Published[] {
  const published: Published[] = [];
  // Digests follow the given units, and are nothing that the caller has published.
  for (let number = 0; number < given.length; number++) {
    const unit = units[number] as EventUnit;
    const { firstId, duplicate, term, answer } = appended[number] as Appended;
    // A repeat gets the first answer, whatever is restricted by now.
    const stored = duplicate ? (storedScopes(answer) ?? scopesOf(given[number] ?? unit)) : undefined;
    let next = firstId;
    for (let index = 0; index < unit.drafts.length; index++) {
      const { type, rows } = unit.drafts[index] as EventDraft;
      const eventId = next;
      const scopes = stored?.[index];
      const notifications = scopes
        ? scopes.map((scope) => ({ id: next++, scope }))
        : rows.map(({ scope }) => ({ id: next++, scope }));
      published.push({ type, eventId, notifications, duplicate, cursor: formatCursor(next - 1, term) });
    }
  }
  return published;
}

const hasRetraction = ({ drafts }: EventUnit) => drafts.some(({ type }) => type === 'SOLVE_RETRACTED');
const releasesKeys = ({ drafts }: EventUnit) => drafts.some(({ releases }) => releases !== undefined);
const isRedactable = ({ drafts }: EventUnit) => drafts.some(({ redactable }) => redactable !== undefined);
const isPaced = ({ paced }: EventUnit) => paced === true;

/** Whether nothing is to be read or added before a unit is appended. */
function isAppendedAsGiven({ drafts, paced }: EventUnit): boolean {
  if (paced) return false;
  for (const { type, releases, redactable } of drafts)
    if (type === 'SOLVE_RETRACTED' || releases !== undefined || redactable !== undefined) return false;
  return true;
}

/** Stores the events of a paced unit, instead of appending them. */
function paceUnit(unit: EventUnit): EventUnit {
  if (!unit.paced) return unit;
  const { preconditions = [], releases = [] } = unit;
  return { drafts: [], releases, preconditions: [...preconditions, ...unit.drafts.map(storePaced)] };
}

/**
 * Prepares events: one unit each, or a single one where one key is for all of them.
 * @throws Problem `invalid-event` and `invalid-body`, naming the field
 */
export function unitsOf(events: readonly UncheckedEvent[], options: PublishOptions = {}): EventUnit[] {
  if (events.length === 0 || events.length > MAX_EVENTS)
    throw new Problem('invalid-body', {
      detail: `between 1 and ${MAX_EVENTS} events can be published at once`,
    });
  const drafts = events.map((event) =>
    prepare(event.type, event.data, event.at === undefined ? {} : { at: event.at }),
  );
  if (options.idempotencyKey !== undefined) {
    if (events.some((event) => event.idempotencyKey !== undefined))
      throw new Problem('invalid-body', { detail: 'one key for all events, or a key for each: not both' });
    const byNaturalKey = drafts.length === 1 && drafts[0]?.naturalKey === options.idempotencyKey;
    return [{ drafts, keys: [idempotencyKeyOf(options.idempotencyKey, drafts)], byNaturalKey }];
  }
  const seen = new Set<string>();
  return drafts.map((draft, index): EventUnit => {
    const event = events[index] as UncheckedEvent;
    if (event.idempotencyKey === undefined) return { drafts: [draft] };
    const at = `${event.at ?? ''}/idempotencyKey`;
    const byNaturalKey = event.idempotencyKey === draft.naturalKey;
    if (seen.has(event.idempotencyKey) && !(byNaturalKey && mayRecur(draft.type)))
      throw new Problem('invalid-body', {
        errors: [{ pointer: at, detail: 'is used twice in this request' }],
      });
    seen.add(event.idempotencyKey);
    return { drafts: [draft], keys: [idempotencyKeyOf(event.idempotencyKey, [draft], at)], byNaturalKey };
  });
}

const storedScopes = (answer: string | undefined): Scope[][] | undefined =>
  answer === undefined ? undefined : (JSON.parse(answer) as Scope[][]);
