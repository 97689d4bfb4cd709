import { z } from 'zod';
import { define, type Redacted } from '../definition.ts';
import { contestStatus, count, id, instant, name, rank, text } from '../fields.ts';
import { joinNames, titled } from '../phrases.ts';
import { scopes } from '../scope.ts';

const place = z.strictObject({ playerId: id, playerName: name.optional(), rank });
/** What lists of contests show of one. */
const listing = {
  contestTitle: text(200).optional(),
  status: contestStatus,
  startsAt: instant.optional(),
  endsAt: instant.optional(),
  isPublic: z.boolean(),
  problemCount: count,
  /** Once the contest has started. */
  problems: z.array(id).max(1_000).optional(),
} as const;

/** What lists of contests show, and final rankings. */
export const LISTING_EVENTS = {
  CONTEST_CREATED: define({
    schema: z.strictObject({ contestId: id, ...listing }),
    targets: () => [scopes.global],
    title: () => 'New contest',
    message: (data) => `${data.contestTitle ?? `Contest ${data.contestId}`} was added`,
    redact: { private: toContest },
    keep: 'history',
    internal: true,
  }),

  CONTEST_CHANGED: define({
    schema: z.strictObject({
      contestId: id,
      ...listing,
      changed: z.array(z.enum(['title', 'status', 'startsAt', 'endsAt', 'isPublic', 'problems'])).min(1),
    }),
    // The status alone has an event of its own among those who follow the contest.
    targets: (data) => [
      ...(data.changed.every((field) => field === 'status') ? [] : [scopes.contest(data.contestId)]),
      ...(data.isPublic ? [scopes.global] : []),
    ],
    title: (data) => data.contestTitle ?? `Contest ${data.contestId}`,
    message: (data) =>
      `${data.contestTitle ?? 'The contest'} has changed: ${data.changed.map((field) => FIELD_PHRASE[field]).join(', ')}`,
    redact: { private: toContest },
    keep: 'history',
    internal: true,
  }),

  CONTEST_UNLISTED: define({
    schema: z.strictObject({ contestId: id }),
    targets: () => [scopes.global],
    title: () => 'Contest removed',
    message: (data) => `Contest ${data.contestId} is no longer listed`,
    keep: 'history',
    internal: true,
  }),

  CONTEST_COUNTS: define({
    schema: z.strictObject({
      /** Left out: of several public contests, for everybody. */
      contestId: id.optional(),
      contests: z
        .array(z.strictObject({ contestId: id, participantCount: count }))
        .min(1)
        .max(500),
    }),
    targets: (data) => [data.contestId === undefined ? scopes.global : scopes.contest(data.contestId)],
    title: () => 'Participants',
    message: (data) =>
      data.contests.length === 1
        ? `${data.contests[0]?.participantCount} participants`
        : `${data.contests.length} contests have new participants`,
    keep: 'transient',
    internal: true,
  }),

  CONTEST_RESULTS: define({
    schema: z.strictObject({
      contestId: id,
      contestTitle: text(200).optional(),
      /** Number of participants with a final rank. */
      ranked: count,
      winners: z.array(place).max(10),
      /** The first places. */
      top: z.array(place).max(100),
    }),
    targets: (data) => [scopes.contest(data.contestId)],
    title: (data) => data.contestTitle ?? `Contest ${data.contestId}`,
    message: (data) =>
      `The results${titled(' of ', data.contestTitle)} are final${data.winners.length === 0 ? '' : `. Winner: ${joinNames(data.winners)}`}`,
    redact: {
      frozen: (data) => ({
        data,
        targets: [scopes.hidden(data.contestId)],
        activity: false,
        deferred: [scopes.contest(data.contestId)],
      }),
    },
    keep: 'history',
    internal: true,
  }),
} as const;

const FIELD_PHRASE = {
  title: 'its title',
  status: 'its status',
  startsAt: 'its start',
  endsAt: 'its end',
  isPublic: 'its visibility',
  problems: 'its problems',
} as const;

/** Event of a private contest that would otherwise also be for everybody. */
function toContest<D extends { readonly contestId: number }>(data: D): Redacted<D> {
  return { data, targets: [scopes.contest(data.contestId)], activity: true };
}
