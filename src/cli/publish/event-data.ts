import { z } from 'zod';
import { CATALOGUE } from '../../protocol/catalogue.ts';
import type { EventType } from '../../protocol/event.ts';
import { CliFailure, EXIT } from '../failure.ts';

export type EventFields = Readonly<Record<string, unknown>>;

/** Parses an event's data from JSON. @throws CliFailure when it is not a JSON object. */
export function parseJsonData(text: string, where: string): EventFields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliFailure(`${where} is not JSON: ${(error as Error).message}`, EXIT.usage);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CliFailure(`${where} is not a JSON object, such as {"playerId":7}.`, EXIT.usage);
  return value as EventFields;
}

/**
 * Parses an event's data from `key=value` arguments. A value is text where the type's field takes text, else JSON. The
 * service validates it.
 *
 * @throws CliFailure when an argument has no `=`, or a key comes twice.
 */
export function parsePairs(type: EventType, pairs: readonly string[]): EventFields {
  const fields: Record<string, unknown> = Object.create(null);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, at);
    if (at < 1)
      throw new CliFailure(`"${pair}" is neither JSON nor key=value. ${describeFields(type)}`, EXIT.usage);
    if (key in fields) throw new CliFailure(`"${key}" is given twice.`, EXIT.usage);
    fields[key] = valueFor(type, key, pair.slice(at + 1));
  }
  return { ...fields };
}

/** Describes a type's fields: `LEVEL_UP takes playerId, oldLevel, newLevel and, if you like, xp, …`. */
export function describeFields(type: EventType): string {
  const optional = (key: string) => shapeOf(type)[key]?.safeParse(undefined).success ?? false;
  const keys = Object.keys(shapeOf(type));
  const needed = keys.filter((key) => !optional(key));
  const further = keys.filter(optional);
  const also = further.length === 0 ? '' : ` and, if you like, ${further.join(', ')}`;
  return `${type} takes ${needed.join(', ')}${also}.`;
}

function valueFor(type: EventType, key: string, text: string): unknown {
  const shape = shapeOf(type);
  const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
  if (field?.safeParse(text).success) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function shapeOf(type: EventType): Readonly<Record<string, z.ZodType>> {
  const { schema } = CATALOGUE[type];
  return schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {};
}
