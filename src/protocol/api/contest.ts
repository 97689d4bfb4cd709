import { z } from 'zod';
import { CONTEST_STATUSES } from '../enums.ts';
import { instantOrNull, list, nextId, type Wire } from './wire.ts';

/** A contest as the caller sees it. Times are ISO 8601 in UTC. */
export const contest = z
  .object({
    id: z.int(),
    title: z.string(),
    status: z.enum(CONTEST_STATUSES).meta({
      description: 'As last published on streams: the contest clock takes precedence over the platform.',
    }),
    startsAt: instantOrNull,
    endsAt: instantOrNull,
    participantCount: z.int(),
    isPublic: z.boolean(),
    joined: z.boolean().meta({ description: 'Whether the caller takes part.' }),
    frozen: z.boolean().meta({ description: 'Whether its standings stand still for players.' }),
  })
  .meta({ id: 'Contest' });

/** When an answer was true. */
export const moment = z.object({
  cursor: z.string().meta({ description: 'A stream opened from here misses no change.' }),
  serverTime: z.iso.datetime().meta({ description: 'To count down by.' }),
});

export const contestNow = contest.and(moment).meta({ id: 'ContestNow' });

export const contestPage = z
  .object({ contests: list(contest), next: nextId, ...moment.shape })
  .meta({ id: 'ContestPage' });

export type Contest = Wire<typeof contest>;
export type Moment = Wire<typeof moment>;
export type ContestPage = Wire<typeof contestPage>;
