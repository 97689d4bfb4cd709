import { z } from 'zod';
import { RECEIPT_ACTIONS, type ReceiptAction } from '../../protocol/enums.ts';
import { isEventType } from '../../protocol/event.ts';
import { fieldErrorsOf } from '../../protocol/field-errors.ts';
import { id } from '../../protocol/fields.ts';
import { Problem } from '../../protocol/problem.ts';
import type { EventDraft, IdempotencyKey } from '../draft.ts';
import { idempotencyKeyOf } from '../idempotency-key.ts';
import { MAX_DATA_BYTES, prepare, UNKNOWN_FIELD } from '../prepare.ts';
import { payloadReason, truncatedReason } from './reason.ts';
import type { OutboxRow } from './table.ts';

/** Outcome of an examination. */
export type ExaminedRow = WaitingEvent | DirtyContestNotice | ReceiptNotice | AccessNotice | InvalidRow;

/** Event that can be published. */
export interface WaitingEvent {
  readonly kind: 'event';
  readonly id: number;
  readonly draft: EventDraft;
  readonly key: IdempotencyKey | undefined;
  /** Whether its contest was frozen when it happened; undefined: not known. */
  readonly wasFrozen: boolean | undefined;
}

/** Notice that the scores of a contest have changed. */
export interface DirtyContestNotice {
  readonly kind: 'dirty-contest';
  readonly id: number;
  readonly contestId: number;
  /** The player whose score changed; left out: any. */
  readonly playerId?: number | undefined;
}

/** Notice that a receipt was written from SQL, to be echoed to the player's streams. */
export interface ReceiptNotice {
  readonly kind: 'receipt';
  readonly id: number;
  readonly playerId: number;
  readonly action: ReceiptAction;
  readonly notificationId: number;
}

/** Notice that a user may have lost a right, or that fewer may listen to a contest. */
export interface AccessNotice {
  readonly kind: 'access';
  readonly id: number;
  readonly userId?: number | undefined;
  readonly contestId?: number | undefined;
}

/** Row that cannot be published. */
export interface InvalidRow {
  readonly kind: 'invalid';
  readonly id: number;
  readonly reason: string;
}

const dirtyContest = z.strictObject({ contestId: id, playerId: id.nullish() });
const access = z.strictObject({ userId: id.nullish(), contestId: id.nullish() });
const receipt = z.strictObject({
  playerId: id,
  id,
  action: z.enum(RECEIPT_ACTIONS),
});

/** Validates a row of the outbox. Never throws: a row that cannot be understood is `invalid`. */
export function examine(row: OutboxRow): ExaminedRow {
  try {
    return read(row);
  } catch (error) {
    return {
      kind: 'invalid',
      id: row.id,
      reason: error instanceof InvalidPayload ? error.message : UNREADABLE,
    };
  }
}

const UNREADABLE = 'The row could not be understood.';

class InvalidPayload extends Error {}

function read(row: OutboxRow): ExaminedRow {
  const payload = parse(row.payload);
  if (row.type === 'STANDINGS_TOUCHED') {
    const { contestId, playerId } = valid(dirtyContest, payload);
    return { kind: 'dirty-contest', id: row.id, contestId, playerId: playerId ?? undefined };
  }
  if (row.type === 'RECEIPTS_TOUCHED') {
    const { playerId, action, id: notificationId } = valid(receipt, payload);
    return { kind: 'receipt', id: row.id, playerId, action, notificationId };
  }
  if (row.type === 'ACCESS_TOUCHED') {
    const { userId, contestId } = valid(access, payload);
    return { kind: 'access', id: row.id, userId: userId ?? undefined, contestId: contestId ?? undefined };
  }
  const draft = draftOf(row.type, payload);
  const wasFrozen = row.frozen == null ? undefined : Number(row.frozen) === 1;
  return { kind: 'event', id: row.id, draft, key: keyOf(row.idempotencyKey, draft), wasFrozen };
}

function parse(text: string | null): unknown {
  if (text === null) throw new InvalidPayload(`The payload is larger than ${MAX_DATA_BYTES} bytes.`);
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidPayload('The payload is not valid JSON.');
  }
}

function draftOf(type: string, payload: unknown): EventDraft {
  if (!isEventType(type)) {
    const meant = type.trim().toUpperCase().replaceAll('-', '_');
    const hint = isEventType(meant) ? `, but ${meant} is` : '';
    throw new InvalidPayload(truncatedReason(`${JSON.stringify(type)} is not a type of event${hint}.`));
  }
  try {
    return prepare(type, payload);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = error.options.errors ?? [];
    if (errors.some(({ pointer }) => pointer === '/type'))
      throw new InvalidPayload(`The type ${type} is published by the service alone.`);
    const inPayload = errors.map(({ pointer, detail }) => ({
      pointer: pointer.replace(/^\/data/, ''),
      detail,
    }));
    throw new InvalidPayload(payloadReason(inPayload, payload));
  }
}

function keyOf(key: string | null, draft: EventDraft): IdempotencyKey | undefined {
  if (key === null) return undefined;
  try {
    return idempotencyKeyOf(key, [draft]);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new InvalidPayload(
      'The idempotency_key is wrong: it is 1 to 128 printable ASCII characters, the last of them not a space.',
    );
  }
}

function valid<S extends z.ZodType>(schema: S, payload: unknown): z.output<S> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new InvalidPayload(payloadReason(fieldErrorsOf(parsed.error.issues, '', UNKNOWN_FIELD), payload));
}
