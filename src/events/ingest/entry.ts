import { createHash } from 'node:crypto';
import type { FieldError } from '../../protocol/problem.ts';
import { Problem } from '../../protocol/problem.ts';
import { type UncheckedEvent, unitsOf } from '../log-publisher.ts';
import { MAX_DATA_BYTES } from '../prepare.ts';

/** Entry of a stream: its fields as name, value, name, value …; null where it was deleted from the stream. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[] | null;
}

/** Event of an entry, valid and with a key. */
export interface IngestedEvent {
  readonly entry: StreamEntry;
  readonly event: UncheckedEvent & { readonly idempotencyKey: string };
  /** Size of its statements, in bytes, and its rows. */
  readonly bytes: number;
  readonly rows: number;
}

/** Fields of an entry, as those of an event over REST; `data` is JSON. */
const FIELDS = new Set(['type', 'data', 'idempotencyKey']);
/** Max length of a reason, in characters. */
const MAX_REASON = 1_000;

/**
 * Reads the event of an entry, and validates it as REST does.
 * @param stream name of the stream: with the id and the content it is the key of an entry that brings none
 * @returns a sentence with the reason why it cannot be published
 */
export function readEntry(stream: string, entry: StreamEntry): IngestedEvent | string {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < (entry.fields ?? []).length; at += 2) {
    const [name, value] = [entry.fields?.[at] as string, entry.fields?.[at + 1] as string];
    if (!FIELDS.has(name)) return reason(`${JSON.stringify(name)} is not a field of an entry`);
    if (fields.has(name)) return reason(`the field ${name} is there twice`);
    fields.set(name, value);
  }
  const [type, text, own] = [fields.get('type'), fields.get('data'), fields.get('idempotencyKey')];
  if (type === undefined) return reason('the field type is missing');
  if (text === undefined) return reason('the field data is missing');
  if (text.length > MAX_DATA_BYTES) return reason(`/data is larger than ${MAX_DATA_BYTES} bytes`);
  const event = { type, data: parsed(text), idempotencyKey: own ?? keyOf(stream, entry.id, type, text) };
  if (event.data === undefined) return reason('/data is not a JSON object');
  try {
    const drafts = unitsOf([event]).flatMap((unit) => unit.drafts);
    return {
      entry,
      event,
      bytes: drafts.reduce((sum, draft) => sum + draft.bytes, 0),
      rows: drafts.reduce((sum, draft) => sum + draft.rows.length, 0),
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return reason(sentenceOf(error));
  }
}

/** Describes a refusal, with each wrong field. */
export function sentenceOf({ message, options }: Problem): string {
  const errors: readonly FieldError[] = options.errors ?? [];
  return errors.length === 0
    ? message
    : errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
}

/** Cuts a reason to what is stored. */
export function reason(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= MAX_REASON ? whole : `${whole.slice(0, MAX_REASON - 1).toWellFormed()}…`;
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The same for every delivery of an entry, and another one for another entry under its id, as after a flush. */
function keyOf(...parts: readonly string[]): string {
  return `ingest:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
