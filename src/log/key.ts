import { createHash } from 'node:crypto';
import { Problem } from '../protocol/problem.ts';
import type { LogKey } from './append-statement.ts';
import type { Draft } from './row.ts';

/** How long an idempotency key is remembered, in ms: seven days. */
const KEY_MS = 7 * 24 * 3_600_000;
/** No space at the end: `ascii_bin` compares without it. */
const KEY = /^[\x20-\x7e]{0,127}[\x21-\x7e]$/;

/**
 * The idempotency key that a caller gave for these events. One that names what happened stands for it by itself:
 * whoever tells of it again, and in other words, tells of the same event. Any other holds the caller to the same body.
 * @param pointer where the key stands in the request, for the error
 * @throws Problem `invalid-body` when it is none
 */
export function logKey(key: string, drafts: readonly Draft[], pointer = ''): LogKey {
  if (!KEY.test(key))
    throw new Problem('invalid-body', {
      errors: [{ pointer, detail: 'is an idempotency key: 1 to 128 printable ASCII characters' }],
    });
  const hash = createHash('sha256');
  const [only] = drafts;
  if (drafts.length === 1 && only?.happening === key) hash.update(`happening\n${key}`);
  else for (const draft of drafts) hash.update(`${draft.type}\n${draft.data}\n`);
  return { value: `key:${key}`, fingerprint: hash.digest(), keepMs: KEY_MS };
}
