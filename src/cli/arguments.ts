import { CATALOGUE } from '../protocol/catalogue.ts';
import { EVENT_TYPES, type EventType } from '../protocol/event.ts';
import { CliFailure, EXIT } from './failure.ts';

const PUBLIC_TYPES = EVENT_TYPES.filter((type) => !('internal' in CATALOGUE[type]));

/**
 * Parses a type of event, also in its spelling as an SSE name: `LEVEL_UP`, `level-up`.
 *
 * @param which the types that a client may publish, or also those that only the service publishes
 * @throws CliFailure that lists the types.
 */
export function eventTypeOf(text: string, which: 'public' | 'all'): EventType {
  const types = which === 'all' ? EVENT_TYPES : PUBLIC_TYPES;
  const type = text.trim().toUpperCase().replaceAll('-', '_');
  const found = types.find((known) => known === type);
  if (found !== undefined) return found;
  const what = which === 'all' ? 'a type of event' : 'a type of event that can be published';
  throw new CliFailure(`"${text}" is not ${what}. Types are ${types.join(', ')}.`, EXIT.usage);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const LONGEST_S = 3650 * 86_400;

/** Parses `90s`, `30m`, `12h`, `7d`, `2w` into seconds; undefined for anything else, and for more than ten years. */
export function parseDuration(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,8})([smhdw])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined) return undefined;
  const seconds = Number(match[1]) * unit;
  return seconds <= LONGEST_S ? seconds : undefined;
}
