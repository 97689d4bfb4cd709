import { CATALOGUE } from '../protocol/catalogue.ts';
import { EVENT_TYPES, type EventType } from '../protocol/event.ts';
import { CliFailure, EXIT } from './failure.ts';

const PUBLIC_TYPES = EVENT_TYPES.filter((type) => !('internal' in CATALOGUE[type]));

/**
 * A type of event, also in its spelling as an SSE name: `LEVEL_UP`, `level-up`.
 *
 * @param which those that may be published, or also those that only the service tells of
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
