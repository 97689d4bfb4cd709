import { z } from 'zod';
import { activityOf, define, type Redacted } from '../definition.ts';
import { DIFFICULTIES, RECEIPT_ACTIONS } from '../enums.ts';
import { count, id, player, rank, text, tier } from '../fields.ts';
import { byline, capitalised, ordinal, placeMove, titled } from '../phrases.ts';
import { scopes } from '../scope.ts';

/** What one player achieves, and what their other streams learn of their inbox. */
export const PLAYER_EVENTS = {
  LEVEL_UP: define({
    schema: z.strictObject({
      ...player,
      oldLevel: z.int().min(1).max(1000),
      newLevel: z.int().min(1).max(1000),
      xp: count.optional(),
      tier: tier.optional(),
      subRank: text(20).optional(),
    }),
    targets: (data) => [scopes.player(data.playerId), scopes.global],
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
    targets: (data) => [scopes.player(data.playerId), scopes.global],
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
    targets: (data) => [scopes.player(data.playerId), scopes.contest(data.contestId)],
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
        targets: [scopes.hidden(data.contestId)],
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
    targets: (data) => [scopes.player(data.playerId), scopes.global],
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
      scopes.player(data.playerId),
      scopes.problem(data.problemId),
      ...(data.contestId === undefined ? [] : [scopes.contest(data.contestId)]),
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
          scopes.player(data.playerId),
          ...(data.contestId === undefined ? [] : [scopes.hidden(data.contestId)]),
        ],
        activity: true,
        deferred: [
          scopes.problem(data.problemId),
          ...(data.contestId === undefined ? [] : [scopes.contest(data.contestId)]),
        ],
      }),
      // Viewers of the problem must not learn of the contest, nor of its participants.
      private: (data) => ({
        data,
        targets: [
          scopes.player(data.playerId),
          ...(data.contestId === undefined ? [] : [scopes.contest(data.contestId)]),
        ],
        activity: true,
      }),
    },
    keep: 'history',
  }),

  RECEIPTS: define({
    schema: z.strictObject({
      playerId: id,
      action: z.enum(RECEIPT_ACTIONS),
      ids: z.array(id).max(1000).optional(),
      throughId: id.optional(),
      counts: z.strictObject({ unread: count, unseen: count, total: count }),
    }),
    targets: (data) => [scopes.player(data.playerId)],
    title: () => 'Inbox',
    message: (data) => `${data.counts.unread} unread`,
    keep: 'transient',
    internal: true,
  }),
} as const;

/** Event of a player while a frozen contest of theirs hides what follows from solves: theirs alone, and later of all. */
function ownOnly<D extends { readonly playerId: number }>(data: D): Redacted<D> {
  return {
    data,
    targets: [scopes.player(data.playerId)],
    activity: true,
    deferred: [scopes.global],
  };
}
