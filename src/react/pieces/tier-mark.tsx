import type { Tier } from '../../protocol/enums.ts';

export interface TierMarkProps {
  readonly tier: Tier | null;
}

/** Heights of the chevrons, vertically centred on a grid of 10 × 12. */
const CHEVRONS = { BRONZE: [7], SILVER: [9, 5], GOLD: [11, 7, 3] } as const;

/** Player's tier as one, two or three chevrons in its metal: distinguishable without colour. */
export function TierMark({ tier }: TierMarkProps) {
  if (tier === null) return <span className="ccl-tier" />;
  const name = `${tier[0]}${tier.slice(1).toLowerCase()} tier`;
  const heights = CHEVRONS[tier];
  return (
    <span className="ccl-tier" data-tier={tier.toLowerCase()} role="img" aria-label={name} title={name}>
      <svg viewBox="0 0 10 12" width="10" height="12" aria-hidden="true">
        {heights.map((y) => (
          <path key={y} d={`M0 ${y} L5 ${y - 2.5} L10 ${y}`} />
        ))}
      </svg>
    </span>
  );
}
