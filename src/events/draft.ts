import type { LogKey, Unit } from '../log/append-statement.ts';
import type { Draft } from '../log/row.ts';
import type { Restriction } from '../protocol/definition.ts';
import type { EventData, EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';

/** Validated event: its type with the data of that type. */
export type TypedEvent<T extends EventType = EventType> = {
  readonly [K in T]: { readonly type: K; readonly data: EventData<K> };
}[T];

/** Validated event, ready to be appended. */
export interface EventDraft extends Draft {
  /** The event itself; `data` of the draft is its JSON. */
  readonly event: TypedEvent;
  /** Idempotency key that follows from what happened, for events that happen once. */
  readonly naturalKey: string | undefined;
  /** Natural key that this event makes free: what it takes back may happen again. */
  readonly releases?: string | undefined;
  /** Makes what is appended instead while its contest, or a contest of its player, is restricted. */
  readonly redactable?: Redactable;
}

/** Event that depends on the restrictions of a contest, or else on the frozen contests of a player. */
export interface Redactable {
  readonly contestId?: number;
  readonly playerId?: number;
  /** @param over whether the contest has ended; left out: it has not */
  redact(restriction: Restriction, over?: boolean): RedactedDraft;
}

/** Draft under a restriction. */
export interface RedactedDraft {
  readonly draft: EventDraft;
  /** What follows with the next padded append. */
  readonly paced?: EventDraft | undefined;
  /** Scopes that receive the event when the restriction is over. */
  readonly deferred: readonly Scope[];
}

/** Idempotency key of a caller. */
export interface IdempotencyKey extends LogKey {
  /** The key as the caller gave it. */
  readonly text: string;
}

/** Events that are published together or not at all. */
export interface EventUnit extends Unit {
  readonly drafts: readonly EventDraft[];
  readonly keys?: readonly IdempotencyKey[];
  /** Whether the idempotency key of its only event is the event's natural key. */
  readonly byNaturalKey?: boolean;
  /** Whether they wait for the next padded append, since they follow from hidden verdicts. Only for units without keys. */
  readonly paced?: boolean;
  /** Whether their contest was frozen when they happened; left out: whether it is frozen now counts. */
  readonly wasFrozen?: boolean | undefined;
}
