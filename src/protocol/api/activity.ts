import { z } from 'zod';
import { instantOrNull, list, nextId, type Wire } from './wire.ts';

/** One line of a player's history. */
export const activityItem = z.object({
  id: z.int(),
  action: z.string(),
  contestId: z.int().nullable(),
  problemId: z.int().nullable(),
  oldValue: z.unknown(),
  newValue: z.unknown(),
  /** Null where it was written from SQL without a time. */
  at: instantOrNull,
  /** The event that it was written with. */
  eventId: z.int().nullable(),
});

export const activityPage = z.object({ items: list(activityItem), next: nextId }).meta({ id: 'Activity' });

export type ActivityItem = Wire<typeof activityItem>;
export type ActivityPage = Wire<typeof activityPage>;
