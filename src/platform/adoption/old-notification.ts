import type { z } from 'zod';
import { CATALOGUE } from '../../protocol/catalogue.ts';
import type { EventType } from '../../protocol/event.ts';

/** Notification of the Socket.IO generation. Only its player is certain. */
export interface OldNotification {
  readonly playerId: number;
  readonly type: string | null;
  readonly title: string | null;
  readonly message: string | null;
  /** JSON, if all is well. */
  readonly data: string | null;
}

/** The same as a row of the log: type and data match the catalogue. */
export interface AdoptedNotification {
  readonly type: EventType;
  readonly title: string;
  readonly message: string;
  readonly data: string;
}

const MAX_TITLE = 255;
/** Max message of an announcement, in UTF-16 units of three bytes at most; the log's column holds 65,535 bytes. */
const MAX_MESSAGE = 10_000;

interface Counterpart {
  readonly type: EventType;
  readonly schema: z.ZodObject;
  readonly given: (playerId: number) => Readonly<Record<string, unknown>>;
}

/** Present type of each old type. All others, leaderboard updates included, become announcements. */
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
 * Converts an old notification to a row of the log. Title and message stay as the player has read them. Members of its data
 * of the catalogue are kept, in camelCase or snake_case; if they do not suffice for the type, it becomes an
 * announcement.
 */
export function adoptNotification(old: OldNotification): AdoptedNotification {
  const title = ellipsize(old.title || 'Notification', MAX_TITLE);
  const message = ellipsize(old.message || title, MAX_MESSAGE);
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

/** The members that are in the schema; undefined when required ones are missing. */
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

/** Truncates text to `max` UTF-16 units, with an ellipsis, and never within a surrogate pair. */
function ellipsize(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
