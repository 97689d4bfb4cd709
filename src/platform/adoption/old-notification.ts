import type { z } from 'zod';
import { CATALOGUE } from '../../protocol/catalogue.ts';
import type { EventType } from '../../protocol/event.ts';

/** A notification of the Socket.IO generation. Nothing about it is certain but whose it is. */
export interface OldNotification {
  readonly playerId: number;
  readonly type: string | null;
  readonly title: string | null;
  readonly message: string | null;
  /** JSON, if all is well. */
  readonly data: string | null;
}

/** The same as a row of the log: the type and data fit the catalogue. */
export interface AdoptedNotification {
  readonly type: EventType;
  readonly title: string;
  readonly message: string;
  readonly data: string;
}

const MAX_TITLE = 255;
/** Of an announcement, in UTF-16 units. Each takes three bytes at most, of which the log's column holds 65,535. */
const MAX_MESSAGE = 10_000;

interface Counterpart {
  readonly type: EventType;
  readonly schema: z.ZodObject;
  readonly given: (playerId: number) => Readonly<Record<string, unknown>>;
}

/** What the types of old are today. Standings were never of use in an inbox: what was said of them is an announcement. */
const COUNTERPARTS: Readonly<Record<string, Counterpart>> = {
  LEVEL_UP: {
    type: 'LEVEL_UP',
    schema: CATALOGUE.LEVEL_UP.schema,
    given: (playerId) => ({ playerId }),
  },
  RANK_CHANGE: {
    type: 'RANK_CHANGE',
    schema: CATALOGUE.RANK_CHANGE.schema,
    given: (playerId) => ({ playerId }),
  },
  ACHIEVEMENT: {
    type: 'ACHIEVEMENT',
    schema: CATALOGUE.ACHIEVEMENT.schema,
    given: (playerId) => ({ playerId }),
  },
  CONTEST_START: {
    type: 'CONTEST_STATUS',
    schema: CATALOGUE.CONTEST_STATUS.schema,
    given: () => ({ newStatus: 'LIVE' }),
  },
};

/**
 * Makes a row of the log of an old notification. Title and message stay what the player has read. Its data is taken over
 * as far as the catalogue knows it, under its name or that name in snake_case; where that is not enough for its type, it
 * becomes an announcement.
 */
export function adoptNotification(old: OldNotification): AdoptedNotification {
  const title = cut(old.title || 'Notification', MAX_TITLE);
  const message = cut(old.message || title, MAX_MESSAGE);
  const fields = fieldsOf(old.data);
  const counterpart = Object.hasOwn(COUNTERPARTS, old.type ?? '') ? COUNTERPARTS[old.type ?? ''] : undefined;
  const data = counterpart && dataOf(counterpart, fields, old.playerId);
  if (counterpart && data) return { type: counterpart.type, title, message, data: JSON.stringify(data) };

  const severity = CATALOGUE.ANNOUNCEMENT.schema.shape.severity.safeParse(fields.severity).data ?? 'INFO';
  const announcement = CATALOGUE.ANNOUNCEMENT.schema.parse({
    title,
    message,
    severity,
    playerId: old.playerId,
  });
  return { type: 'ANNOUNCEMENT', title, message, data: JSON.stringify(announcement) };
}

/** The data as the schema wants it, without what it does not know; undefined when something it needs is missing. */
function dataOf(
  { schema, given }: Counterpart,
  fields: Readonly<Record<string, unknown>>,
  playerId: number,
): unknown {
  const picked: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(schema.shape)) {
    const value = fields[Object.hasOwn(fields, key) ? key : snakeCase(key)];
    const parsed = (field as z.ZodType).safeParse(value);
    if (parsed.success && value !== undefined) picked[key] = parsed.data;
  }
  return schema.safeParse({ ...picked, ...given(playerId) }).data;
}

function fieldsOf(data: string | null): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(data ?? 'null');
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** `oldLevel` → `old_level`. */
function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Cuts text that is longer than `max` UTF-16 units, and never within a surrogate pair. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
