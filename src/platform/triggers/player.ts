import { TIERS } from '../../protocol/enums.ts';
import { bodyOf, only } from './body.ts';
import { AFTER_CONTEST, FREEZE_NO, FREEZES, HELD_CONTEST, holdPlayer, STORES_PLAYER } from './freeze.ts';
import { anyContestFrozen, FROZEN, FROZEN_OF_PLAYER, NAME_OF_USER, PLAYER_NAME, userName } from './lookup.ts';
import { publishEvent } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { sqlInt, sqlIntFrom, sqlOneOf, sqlText } from './value.ts';

/** Max level that the catalogue accepts. */
const HIGHEST_LEVEL = 1000;
const SUB_RANK = 'v_sub_rank';

const playerId = sqlInt('NEW.id');
const newLevel = sqlInt('NEW.level');
const newTier = sqlOneOf(TIERS, 'NEW.tier');
const oldTier = sqlOneOf(TIERS, 'OLD.tier');
const orderOf = (tier: string) => `FIELD(${tier}, ${TIERS.map((word) => `'${word}'`).join(', ')})`;
const player = { playerId, playerName: sqlText(100, PLAYER_NAME) };
const subRank = sqlText(20, SUB_RANK);

/**
 * Level and tier of a player, upwards only, the level first. The platform writes both on every accepted submission, mostly
 * unchanged. There is no step up from an unknown tier (NULL).
 */
export const playerAdvanced: Trigger = {
  piece: 'player_advanced',
  table: 'player',
  event: 'UPDATE',
  writes: ['LEVEL_UP', 'TIER_UPGRADE'],
  reads: {
    player: ['id', 'user_id', 'level', 'tier', 'sub_rank', 'xp'],
    ...NAME_OF_USER,
    ...FROZEN_OF_PLAYER,
  },
  body: bodyOf(
    {
      when: 'NEW.level > OLD.level OR NOT (NEW.tier <=> OLD.tier)',
      variables: [PLAYER_NAME, SUB_RANK, FROZEN],
    },
    userName('NEW.user_id'),
    anyContestFrozen('NEW.id'),
    `SET ${SUB_RANK} = NEW.sub_rank;`,
    only(
      `OLD.level >= 1 AND NEW.level > OLD.level AND NEW.level <= ${HIGHEST_LEVEL}`,
      publishEvent(
        'LEVEL_UP',
        {
          ...player,
          oldLevel: sqlInt('OLD.level'),
          newLevel,
          xp: sqlIntFrom(0, 'NEW.xp'),
          tier: newTier,
          subRank,
        },
        ['level-up', playerId, newLevel],
        FROZEN,
      ),
    ),
    only(
      `${orderOf('OLD.tier')} > 0 AND ${orderOf('NEW.tier')} > ${orderOf('OLD.tier')}`,
      publishEvent(
        'TIER_UPGRADE',
        { ...player, oldTier, newTier, subRank },
        ['tier-upgrade', playerId, newTier],
        FROZEN,
      ),
    ),
  ),
};

const PUBLIC = ['xp', 'level', 'tier', 'sub_rank'];

/** XP, level or tier changed: holds what was public, where a contest of the player is frozen. */
export const playerHeld: Trigger = {
  piece: 'player_held',
  table: 'player',
  event: 'UPDATE',
  writes: [],
  stores: STORES_PLAYER,
  reads: { player: ['id', ...PUBLIC], contest_participant: ['contest_id', 'player_id'], ...FREEZES },
  body: bodyOf(
    {
      when: `NOT (${PUBLIC.map((column) => `NEW.${column} <=> OLD.${column}`).join(' AND ')})`,
      variables: [FREEZE_NO, HELD_CONTEST, AFTER_CONTEST],
    },
    holdPlayer(),
  ),
};
