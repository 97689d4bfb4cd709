import { bodyOf, only } from './body.ts';
import { NAME_OF_USER, PLAYER_NAME, userName } from './lookup.ts';
import { tell } from './outbox-row.ts';
import type { Trigger } from './trigger.ts';
import { int, intFrom, oneOf, TIERS, text } from './value.ts';

/** Beyond it the catalogue takes a level for a mistake. */
const HIGHEST_LEVEL = 1000;
const SUB_RANK = 'v_sub_rank';

const playerId = int('NEW.id');
const newLevel = int('NEW.level');
const newTier = oneOf(TIERS, 'NEW.tier');
const oldTier = oneOf(TIERS, 'OLD.tier');
const placeOf = (tier: string) => `FIELD(${tier}, ${TIERS.map((word) => `'${word}'`).join(', ')})`;
const who = { playerId, playerName: text(100, PLAYER_NAME) };
const subRank = text(20, SUB_RANK);

/**
 * A player's level and tier, upwards only, the level first. The platform writes both on every accepted submission, mostly
 * unchanged. From an unknown tier (NULL) there is no step up.
 */
export const playerAdvanced: Trigger = {
  piece: 'player_advanced',
  table: 'player',
  event: 'UPDATE',
  tells: ['LEVEL_UP', 'TIER_UPGRADE'],
  reads: { player: ['id', 'user_id', 'level', 'tier', 'sub_rank', 'xp'], ...NAME_OF_USER },
  body: bodyOf(
    {
      when: 'NEW.level > OLD.level OR NOT (NEW.tier <=> OLD.tier)',
      variables: [PLAYER_NAME, SUB_RANK],
    },
    userName('NEW.user_id'),
    `SET ${SUB_RANK} = NEW.sub_rank;`,
    only(
      `OLD.level >= 1 AND NEW.level > OLD.level AND NEW.level <= ${HIGHEST_LEVEL}`,
      tell(
        'LEVEL_UP',
        { ...who, oldLevel: int('OLD.level'), newLevel, xp: intFrom(0, 'NEW.xp'), tier: newTier, subRank },
        ['level-up', playerId, newLevel],
      ),
    ),
    only(
      `${placeOf('OLD.tier')} > 0 AND ${placeOf('NEW.tier')} > ${placeOf('OLD.tier')}`,
      tell('TIER_UPGRADE', { ...who, oldTier, newTier, subRank }, ['tier-upgrade', playerId, newTier]),
    ),
  ),
};
