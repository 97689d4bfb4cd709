import { z } from 'zod';
import { activityOf, define } from '../definition.ts';
import { cell, contestStatus, count, id, instant, leaderboardRow, name, rank, text } from '../fields.ts';
import { joinNames, titled } from '../phrases.ts';
import { scopes } from '../scope.ts';

/** The life of a contest, and its leaderboard. */
export const CONTEST_EVENTS = {
  CONTEST_STATUS: define({
    schema: z.strictObject({
      contestId: id,
      contestTitle: text(200).optional(),
      oldStatus: contestStatus.optional(),
      newStatus: contestStatus,
      startsAt: instant.optional(),
      endsAt: instant.optional(),
    }),
    targets: (data) => [scopes.contest(data.contestId)],
    title: (data) => data.contestTitle ?? `Contest ${data.contestId}`,
    message: (data) => `${data.contestTitle ?? 'The contest'} ${STATUS_PHRASE[data.newStatus]}`,
    keep: 'history',
  }),

  CONTEST_END: define({
    schema: z.strictObject({
      contestId: id,
      contestTitle: text(200).optional(),
      participantCount: count.optional(),
      winners: z
        .array(z.strictObject({ playerId: id, playerName: name.optional(), rank }))
        .max(10)
        .optional(),
    }),
    targets: (data) => [scopes.contest(data.contestId)],
    title: (data) => data.contestTitle ?? `Contest ${data.contestId}`,
    message: (data) => {
      const winners = data.winners?.filter((winner) => winner.rank === 1) ?? [];
      const who = winners.length === 0 ? '' : `. Winner: ${joinNames(winners)}`;
      return `${data.contestTitle ?? 'The contest'} is over${who}`;
    },
    // The winners follow from the leaderboard, once it is shown.
    redact: {
      frozen: ({ winners, ...data }) => ({
        data,
        targets: [scopes.contest(data.contestId)],
        activity: true,
      }),
    },
    keep: 'history',
  }),

  LEADERBOARD_UPDATE: define({
    schema: z.strictObject({
      contestId: id,
      previous: z.int().min(0),
      version: z.int().min(1),
      total: count,
      changed: z.array(leaderboardRow).max(10_000),
      removed: z.array(id).max(10_000),
      shifts: z.array(z.strictObject({ from: rank, to: rank, by: z.int() })).max(10_000),
      /** Frozen standings: this is for those alone who see the real ones. */
      real: z.boolean().optional(),
      /** Frozen standings: this is for those alone who do not see the real ones, such as a newcomer's row. */
      shown: z.boolean().optional(),
    }),
    targets: ({ contestId, real, shown }) => {
      const kind = real ? 'real' : shown ? 'shown' : 'leaderboard';
      return [scopes[kind](contestId)];
    },
    title: () => 'Standings',
    message: (data) => `${data.changed.length} changed`,
    keep: 'transient',
    internal: true,
  }),

  CELLS_UPDATE: define({
    schema: z.strictObject({
      contestId: id,
      previous: z.int().min(0),
      version: z.int().min(1),
      /** Only where they have changed. */
      problems: z.array(id).max(1_000).optional(),
      changed: z.array(z.strictObject({ playerId: id, cells: z.array(cell).max(1_000) })).max(10_000),
      removed: z.array(id).max(10_000),
      /** Whether these are the cells that admins see. */
      real: z.boolean().optional(),
    }),
    targets: ({ contestId, real }) => [scopes[real ? 'realCells' : 'cells'](contestId)],
    title: () => 'Cells',
    message: (data) => `${data.changed.length} changed`,
    keep: 'transient',
    internal: true,
  }),

  LEADERBOARD_FREEZE: define({
    schema: z.strictObject({
      contestId: id,
      contestTitle: text(200).optional(),
      frozen: z.boolean(),
      version: z.int().min(0),
    }),
    targets: (data) => [scopes.leaderboard(data.contestId), scopes.contest(data.contestId)],
    title: (data) => (data.frozen ? 'Standings frozen' : 'Standings unfrozen'),
    message: (data) =>
      `The standings${titled(' of ', data.contestTitle)} ${data.frozen ? 'are frozen' : 'move again'}`,
    keep: 'history',
    internal: true,
  }),

  CONTEST_JOINED: define({
    schema: z.strictObject({
      contestId: id,
      contestTitle: text(200).optional(),
      players: z
        .array(z.strictObject({ playerId: id, playerName: name.optional() }))
        .min(1)
        .max(100),
      participantCount: count.optional(),
    }),
    targets: (data) => [scopes.contest(data.contestId)],
    title: () => 'New participant',
    message: (data) => `${joinNames(data.players)} joined${titled(' ', data.contestTitle)}`,
    activity: (data) =>
      data.players.map((joined) => ({
        ...activityOf('CONTEST_JOINED', joined.playerId, null, null),
        contestId: data.contestId,
      })),
    keep: 'history',
  }),
} as const;

const STATUS_PHRASE = {
  DRAFT: 'is a draft again',
  UPCOMING: 'is coming up',
  LIVE: 'has started',
  ENDED: 'is over',
  CANCELLED: 'was cancelled',
} as const;
