import { createHash } from 'node:crypto';
import { Problem } from '../protocol/problem.ts';
import type { EventDraft, IdempotencyKey } from './draft.ts';

/** Lifetime of an idempotency key, in ms: seven days. */
const KEY_MS = 7 * 24 * 3_600_000;
/** No space at the end: `ascii_bin` compares without it. */
const KEY = /^[\x20-\x7e]{0,127}[\x21-\x7e]$/;

/**
 * Makes the idempotency key that a caller gave for these events. The natural key of a single event identifies it whatever
 * the rest of the event is; any other key is bound to the same events.
 * @param pointer JSON pointer to the key within the request, for the error
 * @throws Problem `invalid-body` when the key is malformed
 */
export function idempotencyKeyOf(text: string, drafts: readonly EventDraft[], pointer = ''): IdempotencyKey {
  if (!KEY.test(text))
    throw new Problem('invalid-body', {
      errors: [{ pointer, detail: 'is an idempotency key: 1 to 128 printable ASCII characters' }],
    });
  const hash = createHash('sha256');
  const [only] = drafts;
  // Fingerprints are stored: the word stays, so that keys written by an older version are recognised.
  if (drafts.length === 1 && only?.naturalKey === text) hash.update(`happening\n${text}`);
  else for (const draft of drafts) hash.update(`${draft.type}\n${draft.data}\n`);
  return { text, value: storedKey(text), fingerprint: hash.digest(), keepMs: KEY_MS };
}

/** A caller's key as `log_key` stores it, beside the keys of batches. */
export function storedKey(text: string): string {
  return `key:${text}`;
}
