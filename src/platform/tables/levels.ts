import { TIERS, type Tier } from '../../protocol/enums.ts';

export interface Level {
  readonly level: number;
  /** XP at which the level is reached. */
  readonly xpRequired: number;
  readonly tier: Tier;
  readonly subRank: string;
  /** XP from the beginning of this level to the next; 0 at the last. */
  readonly xpToNext: number;
}

/** XP from each level to the next. Totals: level 2 at 300, 11 at 7,600, 21 at 31,800, 30 at 76,800. */
const STEPS = [
  ...[300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1300],
  ...[1500, 1700, 1900, 2100, 2300, 2500, 2700, 2900, 3100, 3500],
  ...[3800, 4100, 4400, 4700, 5000, 5300, 5600, 5900, 6200],
];
const RANKS = ['I', 'II', 'III', 'IV', 'V'];

/** Thirty levels: ten per tier, two per sub-rank. */
export function levelCurve(): Level[] {
  let xpRequired = 0;
  return [...STEPS, 0].map((xpToNext, index) => {
    const tier = TIERS[Math.floor(index / 10)] ?? 'GOLD';
    const rank = RANKS[Math.floor((index % 10) / 2)];
    const subRank = `${tier.charAt(0)}${tier.slice(1).toLowerCase()} ${rank}`;
    const level = { level: index + 1, xpRequired, tier, subRank, xpToNext };
    xpRequired += xpToNext;
    return level;
  });
}
