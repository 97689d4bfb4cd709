import type { FieldError } from '../../protocol/problem.ts';

/** Capacity of `event_outbox`.`error`, in characters. */
const MAX_LENGTH = 1_000;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * Describes the errors of a payload, in sentences for the author of the SQL that wrote it.
 * @param errors their pointers start at the payload: `/players/0/playerId`
 */
export function payloadReason(errors: readonly FieldError[], payload: unknown): string {
  return truncatedReason(errors.map((error) => sentence(error, payload)).join(' '));
}

/** Truncates text to what the column can store. */
export function truncatedReason(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= MAX_LENGTH ? whole : `${whole.slice(0, MAX_LENGTH - 1).toWellFormed()}…`;
}

function sentence({ pointer, detail }: FieldError, payload: unknown): string {
  const path = pointer.split('/').slice(1).map(unescapePointer);
  if (path.length === 0)
    return detail.startsWith('is ') ? `The payload ${detail}.` : `The payload is wrong: ${plain(detail)}.`;
  const field = path
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
  if (detail.startsWith('is ')) return `The field ${field} ${detail}.`;
  const value = valueAt(payload, path);
  if (value === undefined) return `The field ${field} is missing.`;
  if (typeof value === 'string' && NUMBER.test(value) && /expected (?:number|int)/.test(detail))
    return `The field ${field} is the text "${value.slice(0, 40)}" and must be a number: in MariaDB's JSON_OBJECT a variable becomes text, so write CAST(… AS SIGNED).`;
  return `The field ${field} is wrong: ${plain(detail)}.`;
}

function valueAt(payload: unknown, path: readonly string[]): unknown {
  let at = payload;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

/** RFC 6901 § 4. */
function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** Zod's message as the end of a sentence. */
function plain(detail: string): string {
  const rest = detail.replace(/^Invalid input: /, '');
  return rest.slice(0, 1).toLowerCase() + rest.slice(1);
}
