import { z } from 'zod';
import { activityOf, define, type Redacted } from '../definition.ts';
import { RECEIPT_ACTIONS } from '../enums.ts';
import { count, id, player, rank, text, tier } from '../fields.ts';
import { byline, capitalised, ordinal, placeMove, titled } from '../phrases.ts';
import { scopes } from '../scope.ts';

/** Achievements of one player, and changes of the inbox for their other streams. */
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
        targets: [],
        activity: false,
        paced: [scopes.hidden(data.contestId)],
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
    targets: [],
    activity: true,
    paced: [scopes.player(data.playerId)],
    deferred: [scopes.global],
  };
}
