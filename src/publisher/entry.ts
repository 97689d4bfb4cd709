import type { NewEvent } from '../protocol/event.ts';
import { naturalKeyOf } from '../protocol/natural-key.ts';
import type { Scope } from '../protocol/scope.ts';

/** Proof that an event is durable, with its positions in the log. */
export interface Confirmation {
  readonly eventId: number;
  /** One per scope, with its position in the log. */
  readonly notifications: readonly { readonly id: number; readonly scope: Scope }[];
  /** Whether a call with the same key had published it: another publisher's, or an earlier attempt whose answer was lost. */
  readonly duplicate: boolean;
  /** A stream that resumes from here has seen the event. */
  readonly cursor: string;
}

/** Event that waits to be confirmed. */
export interface Entry {
  readonly event: NewEvent;
  readonly key: string;
  /** The event as it is sent, serialised when it was published. */
  readonly json: string;
  /** Size of `json` in UTF-8. */
  readonly bytes: number;
  /** When it was published (`performance.now()`). */
  readonly since: number;
  readonly confirmed: Promise<Confirmation>;
  readonly resolve: (confirmation: Confirmation) => void;
  readonly reject: (error: unknown) => void;
}

/** Keys that the service accepts. */
const KEY = /^[\x20-\x7e]{0,127}[\x21-\x7e]$/;
const utf8 = new TextEncoder();

/** Serialises an event and gives it a key. @throws Error when it cannot be written as JSON */
export function createEntry(given: NewEvent, since: number): Entry {
  const key = given.idempotencyKey ?? usableNaturalKey(given) ?? crypto.randomUUID();
  const event: NewEvent = { ...given, idempotencyKey: key };
  const json = JSON.stringify(event);
  return { event, key, json, bytes: utf8.encode(json).length, since, ...deferred() };
}

function usableNaturalKey({ type, data }: NewEvent): string | undefined {
  const key = naturalKeyOf(type, data);
  // Where the data is wrong, the service must name the field, not a key made of it.
  return key !== undefined && KEY.test(key) ? key : undefined;
}

function deferred(): Pick<Entry, 'confirmed' | 'resolve' | 'reject'> {
  let resolve: Entry['resolve'] = () => {};
  let reject: Entry['reject'] = () => {};
  const confirmed = new Promise<Confirmation>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { confirmed: quiet(confirmed), resolve, reject };
}

/** Returns the promise, whose rejection need not be handled any more. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
