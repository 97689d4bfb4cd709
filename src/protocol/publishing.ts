import type { EventType, NewEvent } from './event.ts';
import type { Scope } from './scope.ts';

/** The outcome of one published event. */
export interface Published {
  readonly type: EventType;
  readonly eventId: number;
  /** The scopes it went to, and its position in each. */
  readonly notifications: readonly { readonly id: number; readonly scope: Scope }[];
  /** Whether an earlier call with the same key published it. */
  readonly duplicate: boolean;
  /** The position after the event: a stream that resumes here has seen it. */
  readonly cursor: string;
}

export interface PublishOptions {
  /** One key for the whole call. Events may carry keys of their own instead. */
  readonly idempotencyKey?: string;
}

/** Publishing in process. */
export interface EventPublisher {
  /**
   * Publishes events: all of them, in this order, or none. Resolves once they are durable.
   * @throws Problem `invalid-event` naming the field, `idempotency-conflict`, `database-unavailable`, `overloaded`
   */
  publish(events: NewEvent | readonly NewEvent[], options?: PublishOptions): Promise<Published[]>;
}
