import { formatCursor } from '../protocol/cursor.ts';
import type { Secrecy } from '../protocol/definition.ts';
import type { EventType, NewEvent } from '../protocol/event.ts';
import { mayRecur } from '../protocol/happening.ts';
import { Problem } from '../protocol/problem.ts';
import type { EventPublisher, Published, PublishOptions } from '../protocol/publishing.ts';
import type { Unit } from './append-statement.ts';
import type { Appended } from './appender.ts';
import { logKey } from './key.ts';
import { prepare } from './prepare.ts';

/** The most events one call may hold. */
export const MAX_EVENTS = 1_000;

export interface Publisher extends EventPublisher {
  /** The same for events that nobody's compiler has seen: from REST or SQL. */
  publishUnchecked(events: readonly UncheckedEvent[], options?: PublishOptions): Promise<Published[]>;
  /** Publishes an event that only the service itself may publish. */
  publishInternal(type: EventType, data: unknown): Promise<Published>;
  /**
   * Publishes what is prepared already, with statements that are committed with it: all units or none.
   * @throws Problem `superseded` when a unit's guard did not do its work, or a part of its keys is known
   */
  publishUnits(units: readonly Unit[]): Promise<Published[]>;
}

/** An event of which nothing is known yet. `at` is where it stands in the request, as a JSON pointer. */
export interface UncheckedEvent {
  readonly type: string;
  readonly data: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly at?: string;
}

export interface PublisherOptions {
  readonly append: (units: readonly Unit[]) => Promise<Appended[]>;
  /** Which of these contests are not for everybody's eyes at this moment, and why. */
  readonly secrecy: (contestIds: readonly number[]) => Promise<ReadonlyMap<number, Secrecy>>;
  readonly epoch: () => string;
}

export function createPublisher({ append, epoch, secrecy }: PublisherOptions): Publisher {
  async function send(given: readonly Unit[]): Promise<Published[]> {
    const contests = given.flatMap(({ drafts }) =>
      drafts.flatMap((draft) => draft.withheld?.contestId ?? []),
    );
    // What needs no look goes into the same batch as whatever else is published at this moment.
    const units = contests.length === 0 ? given : withheld(given, await secrecy([...new Set(contests)]));
    const appended = await append(units);
    const published: Published[] = [];
    for (const [number, unit] of units.entries()) {
      const { firstId, duplicate } = appended[number] as Appended;
      let next = firstId;
      for (const draft of unit.drafts) {
        const first = next;
        next += draft.rows.length;
        published.push({
          type: draft.type,
          eventId: first,
          notifications: draft.rows.map((row, offset) => ({ id: first + offset, scope: row.scope })),
          duplicate,
          cursor: formatCursor(next - 1, epoch()),
        });
      }
    }
    return published;
  }

  const publishUnchecked = async (events: readonly UncheckedEvent[], options?: PublishOptions) =>
    send(unitsOf(events, options));

  return {
    publish: (events, options) =>
      publishUnchecked(Array.isArray(events) ? events : [events as NewEvent], options),
    publishUnchecked,
    publishUnits: send,
    publishInternal: async (type, data) => {
      const [published] = await send([{ drafts: [prepare(type, data, { internal: true })] }]);
      return published as Published;
    },
  };
}

/**
 * What these events are in the log, each by itself unless one key is for all of them.
 * @throws Problem `invalid-event` and `invalid-body`, naming the field
 */
export function unitsOf(events: readonly UncheckedEvent[], options: PublishOptions = {}): Unit[] {
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
    return [{ drafts, keys: [logKey(options.idempotencyKey, drafts)] }];
  }
  const seen = new Set<string>();
  return drafts.map((draft, index): Unit => {
    const event = events[index] as UncheckedEvent;
    if (event.idempotencyKey === undefined) return { drafts: [draft] };
    const at = `${event.at ?? ''}/idempotencyKey`;
    const recurs = mayRecur(draft.type) && event.idempotencyKey === draft.happening;
    if (seen.has(event.idempotencyKey) && !recurs)
      throw new Problem('invalid-body', {
        errors: [{ pointer: at, detail: 'is used twice in this request' }],
      });
    seen.add(event.idempotencyKey);
    return { drafts: [draft], keys: [logKey(event.idempotencyKey, [draft], at)] };
  });
}

/** The units, with what may not be told of these contests left out. */
function withheld(units: readonly Unit[], secrecy: ReadonlyMap<number, Secrecy>): readonly Unit[] {
  if (secrecy.size === 0) return units;
  return units.map((unit) => ({
    ...unit,
    drafts: unit.drafts.map((draft) => {
      const why = draft.withheld && secrecy.get(draft.withheld.contestId);
      return (why && draft.withheld?.draft(why)) ?? draft;
    }),
  }));
}
