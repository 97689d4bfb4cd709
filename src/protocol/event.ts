import type { z } from 'zod';
import { CATALOGUE } from './catalogue.ts';
import type { Scope } from './scope.ts';

type Catalogue = typeof CATALOGUE;

/** A type of event, e.g. `LEVEL_UP`. */
export type EventType = keyof Catalogue;
/** The types that may be published; the rest are the service's own: `internal` in the catalogue. */
export type PublicEventType = {
  [T in EventType]: Catalogue[T] extends { readonly internal?: true } ? never : T;
}[EventType];
/** What an event of type `T` carries once it was validated. */
export type EventData<T extends EventType> = z.output<Catalogue[T]['schema']>;
/** What a publisher hands in for an event of type `T`: fields with a default may be left out. */
export type EventInput<T extends EventType> = z.input<Catalogue[T]['schema']>;

/** An event as a publisher hands it in. The compiler holds `data` to the type's schema. */
export type NewEvent = { [T in PublicEventType]: NewEventOf<T> }[PublicEventType];
export interface NewEventOf<T extends EventType> {
  readonly type: T;
  readonly data: EventInput<T>;
  /** 1 … 128 printable ASCII characters. A repeat with the same body gives the first answer again. */
  readonly idempotencyKey?: string;
}

/** The SSE name of a type: `LEVEL_UP` → `level-up`. */
export type EventName<T extends EventType = EventType> = Kebab<T>;
type Kebab<T extends string> = T extends `${infer A}_${infer B}`
  ? `${Lowercase<A>}-${Kebab<B>}`
  : Lowercase<T>;

/** A notification as the wire shows it: one event's message to one scope. */
export type Notification<T extends EventType = EventType> = {
  [K in T]: {
    /** Position in the log. */
    readonly id: number;
    /** The id of the event's first notification: the same for all scopes the event went to. */
    readonly eventId: number;
    readonly scope: Scope;
    readonly type: K;
    readonly playerId?: number;
    readonly title: string;
    readonly message: string;
    readonly data: EventData<K>;
    /** When the event was appended, ISO 8601 in UTC. */
    readonly at: string;
  };
}[T];

export const EVENT_TYPES = Object.keys(CATALOGUE) as readonly EventType[];

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(CATALOGUE, text);
}

/** The SSE name of a type. */
export function eventName<T extends EventType>(type: T): EventName<T> {
  return type.toLowerCase().replaceAll('_', '-') as EventName<T>;
}
