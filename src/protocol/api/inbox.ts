import { z } from 'zod';
import type { Notification } from '../event.ts';
import { id } from '../fields.ts';
import { instantOrNull, list, nextId, type Wire } from './wire.ts';

/** Absolute counts of an inbox; archived notifications do not count. */
export const inboxCounts = z
  .object({ unread: z.int(), unseen: z.int(), total: z.int() })
  .meta({ id: 'Counts' });

/** Receipt of one player for one notification. */
const receipt = z.object({ seenAt: instantOrNull, readAt: instantOrNull, archivedAt: instantOrNull });

/** Notification with its receipt. Its `data` is described by the type's schema in the catalogue. */
export const inboxItem = z.object({
  id: z.int(),
  eventId: z.int(),
  scope: z.string(),
  type: z.string(),
  playerId: z.int().optional(),
  title: z.string(),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
  at: z.iso.datetime(),
  supersededBy: z.int().optional().meta({ description: 'The notification by which this one was taken back' }),
  ...receipt.shape,
});

export const inboxPage = z
  .object({
    items: list(inboxItem),
    next: nextId.meta({ description: '`before` of the next page' }),
    counts: inboxCounts,
    cursor: z.string().meta({ description: 'A stream opened from here misses nothing.' }),
  })
  .meta({ id: 'InboxPage' });

/** Outcome of a change of receipts: how many became another, and the counts after it. */
export const marked = z.object({ changed: z.int(), counts: inboxCounts }).meta({ id: 'Marked' });

/** Notifications to mark: those named, or all up to and including a position. */
export const whichNotifications = z
  .strictObject({ ids: z.array(id).min(1).max(1_000).optional(), throughId: id.optional() })
  .refine((body) => (body.ids === undefined) !== (body.throughId === undefined), 'either ids or throughId')
  .meta({ id: 'WhichNotifications', example: { throughId: 1042 } });

/** A notification as its player's inbox shows it. Times are ISO 8601 in UTC. */
export type InboxItem = Notification & Wire<typeof receipt> & { readonly supersededBy?: number };
export type InboxCounts = Wire<typeof inboxCounts>;
export type InboxPage = Omit<Wire<typeof inboxPage>, 'items'> & { readonly items: readonly InboxItem[] };
export type Marked = Wire<typeof marked>;
/** Notifications to mark: those named (1 … 1,000), or all up to and including a position. */
export type Which = { readonly ids: readonly number[] } | { readonly throughId: number };
