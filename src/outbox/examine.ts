import { z } from 'zod';
import type { LogKey } from '../log/append-statement.ts';
import { logKey } from '../log/key.ts';
import { MAX_DATA_BYTES, prepare, UNKNOWN_FIELD } from '../log/prepare.ts';
import type { Draft } from '../log/row.ts';
import { isEventType } from '../protocol/event.ts';
import { fieldErrors } from '../protocol/field-errors.ts';
import { id } from '../protocol/fields.ts';
import { Problem } from '../protocol/problem.ts';
import { payloadReason, shortened } from './reason.ts';
import type { OutboxRow } from './table.ts';

/** What a row turned out to be. */
export type Examined = WaitingEvent | Touched | Acknowledged | Invalid;

/** An event that can be published. */
export interface WaitingEvent {
  readonly kind: 'event';
  readonly id: number;
  readonly draft: Draft;
  readonly key: LogKey | undefined;
}

/** Not an event: something that the standings of a contest are made of has changed. */
export interface Touched {
  readonly kind: 'touched';
  readonly id: number;
  readonly contestId: number;
  /** Whose row of the standings; left out: anybody's. */
  readonly playerId?: number | undefined;
}

/** Not an event: a player's receipt was written from SQL, and the player's streams shall be told. */
export interface Acknowledged {
  readonly kind: 'acknowledged';
  readonly id: number;
  readonly playerId: number;
  readonly action: 'seen' | 'read' | 'unread' | 'archived' | 'unarchived';
  readonly notificationId: number;
}

export interface Invalid {
  readonly kind: 'invalid';
  readonly id: number;
  readonly reason: string;
}

const touched = z.strictObject({ contestId: id, playerId: id.nullish() });
const acknowledged = z.strictObject({
  playerId: id,
  id,
  action: z.enum(['seen', 'read', 'unread', 'archived', 'unarchived']),
});

/** Says what a row is. Never throws: whatever cannot be understood is `invalid`. */
export function examine(row: OutboxRow): Examined {
  try {
    return read(row);
  } catch (error) {
    return { kind: 'invalid', id: row.id, reason: error instanceof Refused ? error.message : UNREADABLE };
  }
}

const UNREADABLE = 'The row could not be understood.';

class Refused extends Error {}

function read(row: OutboxRow): Examined {
  const payload = parse(row.payload);
  if (row.type === 'STANDINGS_TOUCHED') {
    const { contestId, playerId } = valid(touched, payload);
    return { kind: 'touched', id: row.id, contestId, playerId: playerId ?? undefined };
  }
  if (row.type === 'RECEIPTS_TOUCHED') {
    const { playerId, action, id: notificationId } = valid(acknowledged, payload);
    return { kind: 'acknowledged', id: row.id, playerId, action, notificationId };
  }
  const draft = draftOf(row.type, payload);
  return { kind: 'event', id: row.id, draft, key: keyOf(row.idempotencyKey, draft) };
}

function parse(text: string | null): unknown {
  if (text === null) throw new Refused(`The payload is larger than ${MAX_DATA_BYTES} bytes.`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused('The payload is not valid JSON.');
  }
}

function draftOf(type: string, payload: unknown): Draft {
  if (!isEventType(type)) {
    const meant = type.trim().toUpperCase().replaceAll('-', '_');
    const hint = isEventType(meant) ? `, but ${meant} is` : '';
    throw new Refused(shortened(`${JSON.stringify(type)} is not a type of event${hint}.`));
  }
  try {
    return prepare(type, payload);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = error.options.errors ?? [];
    if (errors.some(({ pointer }) => pointer === '/type'))
      throw new Refused(`The type ${type} is published by the service alone.`);
    const inPayload = errors.map(({ pointer, detail }) => ({
      pointer: pointer.replace(/^\/data/, ''),
      detail,
    }));
    throw new Refused(payloadReason(inPayload, payload));
  }
}

function keyOf(key: string | null, draft: Draft): LogKey | undefined {
  if (key === null) return undefined;
  try {
    return logKey(key, [draft]);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Refused(
      'The idempotency_key is wrong: it is 1 to 128 printable ASCII characters, the last of them not a space.',
    );
  }
}

function valid<S extends z.ZodType>(schema: S, payload: unknown): z.output<S> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new Refused(
    payloadReason(
      parsed.error.issues.flatMap((issue) => fieldErrors(issue, '', UNKNOWN_FIELD)),
      payload,
    ),
  );
}
