import type { z } from 'zod';
import { CATALOGUE } from '../protocol/catalogue.ts';
import type { Definition, Secrecy, Withheld } from '../protocol/definition.ts';
import { type EventType, isEventType } from '../protocol/event.ts';
import { fieldErrors } from '../protocol/field-errors.ts';
import { happeningOf } from '../protocol/happening.ts';
import { type FieldError, Problem } from '../protocol/problem.ts';
import { scopeKind } from '../protocol/scope.ts';
import { keepClassOf } from './keep-class.ts';
import type { Draft } from './row.ts';

/** The most that one event's data may weigh as JSON, in bytes. */
export const MAX_DATA_BYTES = 512 * 1024;

export const UNKNOWN_FIELD = 'is not a field of this event';

/**
 * Validates an event against the catalogue and makes its rows.
 * @param at JSON pointer to the event within the request, for the error's `pointer`s
 * @throws Problem `invalid-event`, naming each field that is wrong
 */
export function prepare(
  type: string,
  data: unknown,
  options: { at?: string; internal?: boolean } = {},
): Draft {
  const at = options.at ?? '';
  if (!isEventType(type) || (isInternal(type) && !options.internal))
    throw invalid([{ pointer: `${at}/type`, detail: 'is not a type of event' }]);
  const definition = CATALOGUE[type] as unknown as Definition<z.ZodType>;
  const parsed = definition.schema.safeParse(data);
  if (!parsed.success)
    throw invalid(parsed.error.issues.flatMap((issue) => fieldErrors(issue, `${at}/data`, UNKNOWN_FIELD)));
  const told = { data: parsed.data, targets: definition.targets(parsed.data), activity: true };
  const draft = draftOf(type, told);
  if (Buffer.byteLength(draft.data) > MAX_DATA_BYTES)
    throw invalid([{ pointer: `${at}/data`, detail: `is larger than ${MAX_DATA_BYTES} bytes` }]);
  const { whileFrozen, whilePrivate } = definition;
  const contestId = contestOf(parsed.data);
  if (contestId === undefined || !(whileFrozen || whilePrivate)) return draft;
  const less = (secrecy: Secrecy) => {
    const withheld = (secrecy === 'frozen' ? whileFrozen : whilePrivate)?.(parsed.data);
    return withheld ? draftOf(type, withheld) : draft;
  };
  return { ...draft, withheld: { contestId, draft: less } };
}

function draftOf(type: EventType, { data, targets, activity: telling }: Withheld<unknown>): Draft {
  const definition = CATALOGUE[type] as unknown as Definition<z.ZodType>;
  const json = JSON.stringify(data);
  const size = Buffer.byteLength(json);
  const title = definition.title(data);
  const rows = targets.map((target) => {
    const kind = scopeKind(target.scope);
    return {
      scope: target.scope,
      keepClass: definition.keep === 'nudge' ? ('nudge' as const) : keepClassOf(target.scope),
      inbox: target.inbox,
      title,
      message: definition.message(data, kind),
    };
  });
  const activity = (telling && definition.activity?.(data)) || [];
  return {
    type,
    playerId: playerOf(data),
    data: json,
    rows,
    activity,
    happening: happeningOf(type, data as never),
    bytes: rows.reduce((sum, row) => sum + size + row.message.length + 300, activity.length * 100),
  };
}

function isInternal(type: EventType): boolean {
  return (CATALOGUE[type] as unknown as Definition<z.ZodType>).internal === true;
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
