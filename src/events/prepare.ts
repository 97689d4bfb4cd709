import type { z } from 'zod';
import { type DraftRow, keepClassOf } from '../log/row.ts';
import { CATALOGUE } from '../protocol/catalogue.ts';
import type { EventDefinition, Redacted, Restriction } from '../protocol/definition.ts';
import { type EventType, isEventType } from '../protocol/event.ts';
import { fieldErrorsOf } from '../protocol/field-errors.ts';
import { isKeptByInboxes } from '../protocol/inbox-scope-kinds.ts';
import { naturalKeyOf, releasedKeyOf } from '../protocol/natural-key.ts';
import { type Parser, parserOf } from '../protocol/parser.ts';
import { type FieldError, Problem } from '../protocol/problem.ts';
import { type Scope, scopeKind } from '../protocol/scope.ts';
import type { EventDraft, RedactedDraft, TypedEvent } from './draft.ts';

/** Max size of an event's data as JSON, in bytes. */
export const MAX_DATA_BYTES = 512 * 1024;

export const UNKNOWN_FIELD = 'is not a field of this event';

/**
 * Validates an event against the catalogue and makes its rows.
 * @param options.at JSON pointer to the event within the request, for the error's `pointer`s
 * @param options.internal accept types that only the service itself publishes
 * @throws Problem `invalid-event`, naming each field that is wrong
 */
export function prepare(
  type: string,
  data: unknown,
  options: { at?: string; internal?: boolean } = {},
): EventDraft {
  const at = options.at ?? '';
  if (!isEventType(type) || (isInternal(type) && !options.internal))
    throw invalid([{ pointer: `${at}/type`, detail: 'is not a type of event' }]);
  const definition = CATALOGUE[type] as unknown as EventDefinition<z.ZodType>;
  const parsed = parserFor(type)(data);
  if (!parsed.success) throw invalid(fieldErrorsOf(parsed.error.issues, `${at}/data`, UNKNOWN_FIELD));
  const draft = draftOf(type, {
    data: parsed.data,
    targets: definition.targets(parsed.data),
    activity: true,
  });
  // A UTF-16 unit is at most three bytes.
  if (draft.data.length * 3 > MAX_DATA_BYTES && Buffer.byteLength(draft.data) > MAX_DATA_BYTES)
    throw invalid([{ pointer: `${at}/data`, detail: `is larger than ${MAX_DATA_BYTES} bytes` }]);
  if (!definition.redact) return draft;
  const redact = (restriction: Restriction, over = false): RedactedDraft => {
    const redacted = definition.redact?.[restriction]?.(parsed.data, { over });
    if (!redacted) return { draft, deferred: [] };
    const { paced = [], deferred = [] } = redacted;
    if (paced.length === 0) return { draft: draftOf(type, redacted), deferred };
    return {
      draft: draftOf(type, { ...redacted, activity: false }),
      paced: draftOf(type, { ...redacted, targets: paced }),
      deferred,
    };
  };
  if (definition.restrictedBy === 'player')
    return draft.playerId === null ? draft : { ...draft, redactable: { playerId: draft.playerId, redact } };
  const contestId = contestOf(parsed.data);
  return contestId === undefined ? draft : { ...draft, redactable: { contestId, redact } };
}

/** The draft as it goes to some of its scopes alone, also under a restriction; undefined where it goes to none of them. */
export function limitedTo(draft: EventDraft, scopes: ReadonlySet<Scope>): EventDraft | undefined {
  const rows = draft.rows.filter(({ scope }) => scopes.has(scope));
  const { redactable } = draft;
  if (rows.length === 0) return undefined;
  // A key was released when the event itself was appended.
  const limited = { ...draft, rows, activity: [], releases: undefined };
  if (!redactable) return limited;
  const redact = (restriction: Restriction, over?: boolean): RedactedDraft => {
    const redacted = redactable.redact(restriction, over);
    return {
      draft: limitedTo(redacted.draft, scopes) ?? { ...redacted.draft, rows: [], activity: [] },
      paced: redacted.paced && limitedTo(redacted.paced, scopes),
      deferred: redacted.deferred.filter((scope) => scopes.has(scope)),
    };
  };
  return { ...limited, redactable: { ...redactable, redact } };
}

/**
 * Prepares an event that was stored with its scopes, for exactly these.
 * @param activity whether it is also written to histories
 * @throws Problem `invalid-event`
 */
export function prepareFor(
  type: string,
  data: unknown,
  { scopes, activity }: { readonly scopes: readonly Scope[]; readonly activity: boolean },
): EventDraft {
  const { event } = prepare(type, data, { internal: true });
  // A key was released when the event was stored.
  return { ...draftOf(event.type, { data: event.data, targets: scopes, activity }), releases: undefined };
}

function draftOf(type: EventType, { data, targets, activity: keepsActivity }: Redacted<unknown>): EventDraft {
  const definition = CATALOGUE[type] as unknown as EventDefinition<z.ZodType>;
  const { unpublished } = definition;
  const json = JSON.stringify(
    data,
    unpublished && ((key, value) => (unpublished.includes(key) ? undefined : value)),
  );
  const size = Buffer.byteLength(json);
  const title = definition.title(data);
  const rows = targets.map((scope): DraftRow => {
    const kind = scopeKind(scope);
    return {
      scope,
      keepClass: definition.keep === 'transient' ? 'nudge' : keepClassOf(kind),
      inbox: isKeptByInboxes(type, kind),
      title,
      message: definition.message(data, kind),
    };
  });
  const activity = (keepsActivity && definition.activity?.(data)) || [];
  return {
    type,
    event: { type, data } as TypedEvent,
    playerId: playerOf(data),
    data: json,
    rows,
    activity,
    naturalKey: naturalKeyOf(type, data as never),
    releases: releasedKeyOf(type, data),
    bytes: rows.reduce((sum, row) => sum + size + row.message.length + 300, activity.length * 100),
  };
}

const parsers = new Map<EventType, Parser<z.ZodType>>();

function parserFor(type: EventType): Parser<z.ZodType> {
  const known = parsers.get(type);
  if (known !== undefined) return known;
  const parser = parserOf(CATALOGUE[type].schema as z.ZodType);
  parsers.set(type, parser);
  return parser;
}

function isInternal(type: EventType): boolean {
  return (CATALOGUE[type] as unknown as EventDefinition<z.ZodType>).internal === true;
}

function playerOf(data: unknown): number | null {
  const { playerId } = data as { playerId?: unknown };
  return typeof playerId === 'number' ? playerId : null;
}

function contestOf(data: unknown): number | undefined {
  return (data as { contestId?: number }).contestId;
}

function invalid(errors: readonly FieldError[]): Problem {
  const first = errors[0];
  return new Problem('invalid-event', {
    errors,
    ...(first ? { detail: `${first.pointer} ${first.detail}` } : {}),
  });
}
