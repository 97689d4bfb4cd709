import type { NewEvent } from '../protocol/event.ts';
import type { FieldError } from '../protocol/problem.ts';

/**
 * Reason for which an event will not be published.
 * - `buffer-full`: too many events wait; those stay, this one was not accepted.
 * - `invalid`: it cannot be written as JSON; nothing was sent.
 * - `refused`: the service does not accept it, now or later; `refusal` has the cause.
 * - `expired`: it waited longer than `giveUpAfterMs`.
 * - `closed`: the publisher was closed before it was confirmed. It may have been published: send it again with its key.
 */
export type DropReason = 'buffer-full' | 'invalid' | 'refused' | 'expired' | 'closed';

/** Answer of the service to an event that it does not accept. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number;
  /** The problem's stable code, e.g. `invalid-event`, where the service itself answered. */
  readonly code?: string;
  readonly detail: string;
  /** The fields that are wrong, as JSON pointers into the event: `/data/newLevel`. */
  readonly errors: readonly FieldError[];
}

/** An event will not be published; `reason` has the cause. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly reason: DropReason;
  /** The event, with the idempotency key that it was or would have been sent with. */
  readonly event: NewEvent;
  readonly refusal: Refusal | undefined;

  constructor(
    reason: DropReason,
    event: NewEvent,
    options: { readonly refusal?: Refusal; readonly cause?: unknown } = {},
  ) {
    super(sentence(reason, event, options.refusal), { cause: options.cause });
    this.reason = reason;
    this.event = event;
    this.refusal = options.refusal;
  }
}

function sentence(reason: DropReason, event: NewEvent, refusal: Refusal | undefined): string {
  const type = event?.type ?? 'an event';
  const fields = refusal?.errors.map(({ pointer, detail }) => `${pointer} ${detail}`) ?? [];
  switch (reason) {
    case 'buffer-full':
      return `${type} was dropped: too many events wait already`;
    case 'invalid':
      return `${type} was dropped: it cannot be written as JSON`;
    case 'refused':
      return `${type} was refused: ${fields.length > 0 ? fields.join('; ') : refusal?.detail}`;
    case 'expired':
      return `${type} was dropped: it could not be delivered in time`;
    case 'closed':
      return `${type} was dropped: the publisher was closed`;
  }
}
