import { z } from 'zod';
import type { ActivityEntry, Definition, Redacted } from './definition.ts';
import { CONTEST_STATUSES, DIFFICULTIES, RECEIPT_ACTIONS, SEVERITIES, TIERS } from './enums.ts';
import { id, instant, leaderboardRow, name, player, rank, text } from './fields.ts';
import { byline, capitalised, joinNames, ordinal, placeMove, titled } from './phrases.ts';
import { scopes } from './scope.ts';

const define = <S extends z.ZodType>(definition: Definition<S>): Definition<S> => definition;

const tier = z.enum(TIERS);
const contestStatus = z.enum(CONTEST_STATUSES);
const count = z.int().min(0);

/**
 * Every type of event: what it carries, where it goes, whose inbox keeps it, and what it says to whom.
 * Adding a type is adding one entry; its SSE name follows from its type (`LEVEL_UP` → `level-up`).
 */
export const CATALOGUE = {
  LEVEL_UP: define({
    schema: z.strictObject({
      ...player,
      oldLevel: z.int().min(1).max(1000),
      newLevel: z.int().min(1).max(1000),
      xp: count.optional(),
      tier: tier.optional(),
      subRank: text(20).optional(),
    }),
    targets: (data) => [
      { scope: scopes.player(data.playerId), inbox: true },
      { scope: scopes.global, inbox: false },
    ],
    title: (data) => `Level ${data.newLevel}`,
    message: (data, audience) =>
      `${byline(data, audience)} reached level ${data.newLevel}${data.subRank ? `, ${data.subRank}` : ''}`,
    activity: (data) => [
      activityOf('LEVEL_UP', data.playerId, { level: data.oldLevel }, { level: data.newLevel, xp: data.xp }),
    ],
    // A rise in XP during a freeze would give a solve away.
    restrictedBy: 'player',
    redact: { frozen: ownOnly },
    keep: 'history',
  }),

  TIER_UPGRADE: define({
    schema: z.strictObject({
      ...player,
      oldTier: tier,
      newTier: tier,
      subRank: text(20).optional(),
    }),
    targets: (data) => [
      { scope: scopes.player(data.playerId), inbox: true },
      { scope: scopes.global, inbox: false },
    ],
    title: (data) => `${capitalised(data.newTier)} tier`,
    message: (data, audience) =>
      `${byline(data, audience)} reached ${data.subRank ?? capitalised(data.newTier)}`,
    activity: (data) => [
      activityOf(
        'TIER_UPGRADED',
        data.playerId,
        { tier: data.oldTier },
        { tier: data.newTier, subRank: data.subRank },
      ),
    ],
    // A rise in XP during a freeze would give a solve away.
    restrictedBy: 'player',
    redact: { frozen: ownOnly },
    keep: 'history',
  }),

  RANK_CHANGE: define({
    schema: z.strictObject({
      ...player,
      contestId: id,
      contestTitle: text(200).optional(),
      oldRank: rank.nullable(),
      newRank: rank,
    }),
    targets: (data) => [
      { scope: scopes.player(data.playerId), inbox: true },
      { scope: scopes.contest(data.contestId), inbox: false },
    ],
    title: (data) => `${ordinal(data.newRank)} place`,
    message: (data, audience) =>
      `${byline(data, audience)} ${placeMove(data.oldRank, data.newRank)}${titled(' in ', data.contestTitle)}`,
    activity: (data) => [
      {
        ...activityOf('RANK_CHANGED', data.playerId, { rank: data.oldRank }, { rank: data.newRank }),
        contestId: data.contestId,
      },
    ],
    redact: {
      frozen: (data) => ({
        data,
        targets: [{ scope: scopes.hidden(data.contestId), inbox: false }],
        activity: false,
      }),
    },
    keep: 'history',
  }),

  ACHIEVEMENT: define({
    schema: z.strictObject({
      ...player,
      achievement: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes'),
      name: text(100),
      description: text(500).optional(),
    }),
    targets: (data) => [
      { scope: scopes.player(data.playerId), inbox: true },
      { scope: scopes.global, inbox: false },
    ],
    title: (data) => data.name,
    message: (data, audience) =>
      `${byline(data, audience)} earned ${data.name}${data.description ? `: ${data.description}` : ''}`,
    activity: (data) => [
      activityOf('ACHIEVEMENT_EARNED', data.playerId, null, {
        achievement: data.achievement,
        name: data.name,
      }),
    ],
    // A rise in XP during a freeze would give a solve away.
    restrictedBy: 'player',
    redact: { frozen: ownOnly },
    keep: 'history',
  }),

  PROBLEM_SOLVED: define({
    schema: z.strictObject({
      ...player,
      problemId: id,
      problemTitle: text(200).optional(),
      contestId: id.optional(),
      contestTitle: text(200).optional(),
      points: count.optional(),
      difficulty: z.enum(DIFFICULTIES).optional(),
    }),
    targets: (data) => [
      { scope: scopes.player(data.playerId), inbox: true },
      { scope: scopes.problem(data.problemId), inbox: false },
      ...(data.contestId === undefined ? [] : [{ scope: scopes.contest(data.contestId), inbox: false }]),
    ],
    title: () => 'Problem solved',
    message: (data, audience) =>
      `${byline(data, audience)} solved ${data.problemTitle ?? `problem ${data.problemId}`}${titled(' in ', data.contestTitle)}${data.points ? ` for ${data.points} points` : ''}`,
    activity: (data) => [
      {
        ...activityOf('PROBLEM_SOLVED', data.playerId, null, { points: data.points }),
        problemId: data.problemId,
        ...(data.contestId === undefined ? {} : { contestId: data.contestId }),
      },
    ],
    redact: {
      frozen: (data) => ({
        data,
        targets: [
          { scope: scopes.player(data.playerId), inbox: true },
          ...(data.contestId === undefined ? [] : [{ scope: scopes.hidden(data.contestId), inbox: false }]),
        ],
        activity: true,
        deferred: [
          { scope: scopes.problem(data.problemId), inbox: false },
          ...(data.contestId === undefined ? [] : [{ scope: scopes.contest(data.contestId), inbox: false }]),
        ],
      }),
      // Viewers of the problem must not learn of the contest, nor of its participants.
      private: (data) => ({
        data,
        targets: [
          { scope: scopes.player(data.playerId), inbox: true },
          ...(data.contestId === undefined ? [] : [{ scope: scopes.contest(data.contestId), inbox: false }]),
        ],
        activity: true,
      }),
    },
    keep: 'history',
  }),

  CONTEST_STATUS: define({
    schema: z.strictObject({
      contestId: id,
      contestTitle: text(200).optional(),
      oldStatus: contestStatus.optional(),
      newStatus: contestStatus,
      startsAt: instant.optional(),
      endsAt: instant.optional(),
    }),
    targets: (data) => [{ scope: scopes.contest(data.contestId), inbox: true }],
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
    targets: (data) => [{ scope: scopes.contest(data.contestId), inbox: true }],
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
        targets: [{ scope: scopes.contest(data.contestId), inbox: true }],
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
      return [{ scope: scopes[kind](contestId), inbox: false }];
    },
    title: () => 'Standings',
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
    targets: (data) => [
      { scope: scopes.leaderboard(data.contestId), inbox: false },
      { scope: scopes.contest(data.contestId), inbox: false },
    ],
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
    targets: (data) => [{ scope: scopes.contest(data.contestId), inbox: false }],
    title: () => 'New participant',
    message: (data) => `${joinNames(data.players)} joined${titled(' ', data.contestTitle)}`,
    activity: (data) =>
      data.players.map((joined) => ({
        ...activityOf('CONTEST_JOINED', joined.playerId, null, null),
        contestId: data.contestId,
      })),
    keep: 'history',
  }),

  ANNOUNCEMENT: define({
    schema: z
      .strictObject({
        announcementId: id.optional(),
        title: text(255),
        message: text(10_000),
        severity: z.enum(SEVERITIES).default('INFO'),
        contestId: id.optional(),
        playerId: id.optional(),
      })
      .refine((data) => data.contestId === undefined || data.playerId === undefined, {
        path: ['playerId'],
        message: 'an announcement goes to everybody, to one contest or to one player',
      }),
    targets: (data) => [
      {
        scope:
          data.playerId !== undefined
            ? scopes.player(data.playerId)
            : data.contestId !== undefined
              ? scopes.contest(data.contestId)
              : scopes.global,
        inbox: true,
      },
    ],
    title: (data) => data.title,
    message: (data) => data.message,
    keep: 'history',
  }),

  GLOBAL_LEADERBOARD: define({
    schema: z.strictObject({
      version: z.int().min(1),
      top: z
        .array(
          z.strictObject({
            playerId: id,
            playerName: name,
            rank,
            xp: count,
            level: z.int().min(1).optional(),
            tier: tier.optional(),
            subRank: text(20, 0).optional(),
          }),
        )
        .max(100),
    }),
    targets: () => [{ scope: scopes.global, inbox: false }],
    title: () => 'Global standings',
    message: (data) => (data.top[0] ? `${data.top[0].playerName} leads` : 'Nobody yet'),
    keep: 'transient',
    internal: true,
  }),

  PLAYER_STATUS: define({
    schema: z.strictObject({
      online: z.array(z.strictObject({ playerId: id, playerName: name.optional() })).max(100),
      offline: z.array(z.strictObject({ playerId: id, playerName: name.optional() })).max(100),
      onlineCount: count,
      truncated: z.boolean(),
    }),
    targets: () => [{ scope: scopes.global, inbox: false }],
    title: () => 'Players online',
    message: (data) => `${data.onlineCount} online`,
    keep: 'transient',
  }),

  NODE_STATUS: define({
    schema: z.strictObject({
      nodeId: text(36),
      /** How long this covers, in ms. */
      periodMs: z.int().min(1),
      streams: count,
      /** Frames of the log handed on, and how often they were handed to a stream. */
      frames: count,
      deliveries: count,
      /** From an event's commit to its hand-over to the streams, in ms; null where there was none. */
      latency: z.strictObject({ p50: z.number().min(0), p99: z.number().min(0) }).nullable(),
      lagRows: count,
      memoryBytes: count,
      /** The scopes with the most streams. */
      scopes: z.array(z.strictObject({ scope: text(64), streams: count })).max(50),
    }),
    targets: () => [{ scope: scopes.ops, inbox: false }],
    title: () => 'Node',
    message: (data) => `${data.streams} streams`,
    keep: 'transient',
    internal: true,
  }),

  RECEIPTS: define({
    schema: z.strictObject({
      playerId: id,
      action: z.enum(RECEIPT_ACTIONS),
      ids: z.array(id).max(1000).optional(),
      throughId: id.optional(),
      counts: z.strictObject({ unread: count, unseen: count, total: count }),
    }),
    targets: (data) => [{ scope: scopes.player(data.playerId), inbox: false }],
    title: () => 'Inbox',
    message: (data) => `${data.counts.unread} unread`,
    keep: 'transient',
    internal: true,
  }),
} as const;

const STATUS_PHRASE = {
  DRAFT: 'is a draft again',
  UPCOMING: 'is coming up',
  LIVE: 'has started',
  ENDED: 'is over',
  CANCELLED: 'was cancelled',
} as const;

/** Event of a player while a frozen contest of theirs hides what follows from solves: theirs alone, and later of all. */
function ownOnly<D extends { readonly playerId: number }>(data: D): Redacted<D> {
  return {
    data,
    targets: [{ scope: scopes.player(data.playerId), inbox: true }],
    activity: true,
    deferred: [{ scope: scopes.global, inbox: false }],
  };
}

function activityOf(
  action: ActivityEntry['action'],
  playerId: number,
  oldValue: ActivityEntry['oldValue'],
  newValue: ActivityEntry['newValue'],
): ActivityEntry {
  return { action, playerId, oldValue, newValue };
}
