import type { NewEvent } from '../protocol/event.ts';
import { naturalKeyOf } from '../protocol/natural-key.ts';
import type { Scope } from '../protocol/scope.ts';

/** That an event is durable, and where it stands in the log. */
export interface Confirmation {
  readonly eventId: number;
  /** Where it went, and the position it has there. */
  readonly notifications: readonly { readonly id: number; readonly scope: Scope }[];
  /** A call with the same key had published it: somebody else's, or an earlier attempt whose answer was lost. */
  readonly duplicate: boolean;
  /** A stream resumed from here has seen the event. */
  readonly cursor: string;
}

/** An event that waits to be confirmed. */
export interface Entry {
  readonly event: NewEvent;
  readonly key: string;
  /** The event as it is sent, as it stood when it was handed in. */
  readonly json: string;
  /** What `json` weighs in UTF-8. */
  readonly bytes: number;
  /** When it was handed in, in ms since the epoch. */
  readonly since: number;
  readonly confirmed: Promise<Confirmation>;
  readonly resolve: (confirmation: Confirmation) => void;
  readonly reject: (error: unknown) => void;
}

/** What the service takes as a key. */
const KEY = /^[\x20-\x7e]{0,127}[\x21-\x7e]$/;
const utf8 = new TextEncoder();

/** @throws Error when the event cannot be written as JSON */
export function createEntry(given: NewEvent, since: number): Entry {
  const key = given.idempotencyKey ?? nameOf(given) ?? crypto.randomUUID();
  const event: NewEvent = { ...given, idempotencyKey: key };
  const json = JSON.stringify(event);
  return { event, key, json, bytes: utf8.encode(json).length, since, ...deferred() };
}

function nameOf({ type, data }: NewEvent): string | undefined {
  const name = naturalKeyOf(type, data);
  // Of data that is wrong the service shall name the field, not the key that came of it.
  return name !== undefined && KEY.test(name) ? name : undefined;
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

/** The same promise, which nobody needs to await: its rejection ends no process. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
