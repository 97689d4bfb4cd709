import { useMemo } from 'react';
import { useLeaderboard, useOwnPlayer, useServerSecond } from '../../react/index.ts';
import { countPulse } from './pulse.ts';

const HEIGHT = 20;
/** Min height of a bar, so that a single solve among many is visible. */
const MIN_HEIGHT = 5;
/** Interval between redraws, in seconds, if nothing changes. */
const STEP_S = 10;

/** Bar chart of the last hour's latest solve of each player, with the viewer's own marked. */
export function PulseStrip({ contestId }: { readonly contestId: number }) {
  const rows = useLeaderboard(contestId)?.rows;
  const own = useOwnPlayer();
  const step = Math.ceil((useServerSecond() ?? 0) / STEP_S);
  const {
    counts,
    most,
    own: ownBar,
  } = useMemo(() => countPulse(rows ?? [], own, step * STEP_S), [rows, own, step]);
  return (
    <figure className="pulse">
      <svg viewBox={`0 0 ${counts.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {counts.map((count, bar) => {
          if (count === 0) return null;
          const height = Math.max(MIN_HEIGHT, (count / Math.max(2, most)) * HEIGHT);
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
              key={bar}
              x={bar + 0.2}
              y={HEIGHT - height}
              width={0.6}
              height={height}
              data-own={bar === ownBar}
            />
          );
        })}
      </svg>
      <figcaption>
        <span>1 h ago</span>
        <span>{most === 0 ? 'no solves in this hour' : 'latest solves'}</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}
