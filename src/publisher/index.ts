/** Publishing to the service from a server of the platform. */

export type {
  EventInput,
  NewEvent,
  PublicEventType,
} from '../protocol/event.ts';
export type { Backoff } from '../util/backoff.ts';
export type { Retry } from './delivery.ts';
export type { Confirmation } from './entry.ts';
export { type DropReason, PublishError, type Refusal } from './error.ts';
export type { SendOptions } from './methods.ts';
export { createPublisher, type Publisher, type PublisherOptions, type Receipt } from './publisher.ts';
