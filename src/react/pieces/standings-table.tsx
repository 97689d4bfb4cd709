import { type CSSProperties, useRef } from 'react';
import type { BoardRow } from '../../client/types.ts';
import { drawnPlaces, near, trailing } from '../board/glides.ts';
import { scrollToRow } from '../board/scroll-to-row.ts';
import { useGliding } from '../board/use-gliding.ts';
import { useVisibleRange } from '../board/use-visible-range.ts';
import { Ltr } from '../text/ltr.tsx';
import { useHostScheme } from './host-scheme.ts';
import { StandingRow } from './standing-row.tsx';

export interface StandingsTableProps {
  /** In their order. */
  readonly rows: readonly BoardRow[];
  /** How many take part; there may be more than rows. */
  readonly total: number;
  /** Whose row is marked as the viewer's own. */
  readonly you?: number | undefined;
  /** What it is called for those who do not see it. */
  readonly label?: string;
  /** The height of a row in px. */
  readonly rowHeight?: number;
  readonly className?: string;
}

const COLUMNS = [
  ['rank', '#', 'Rank'],
  ['moved', '', 'Movement'],
  ['player', 'Player', 'Player'],
  ['mode', 'Mode', 'Mode'],
  ['solved', 'Solved', 'Problems solved'],
  ['penalty', 'Penalty', 'Penalty in minutes'],
  ['last', 'Last', 'Last solved at'],
  ['gap', 'Gap', 'Behind the leader'],
  ['rating', 'Rating', 'Rating'],
] as const;

/** The standings as a table whose rows glide to their new places. Only those in sight are drawn, however many there are. */
export function StandingsTable(props: StandingsTableProps) {
  const { rows, total, you, label = 'Standings', rowHeight = 40, className = '' } = props;
  const view = useRef<HTMLDivElement>(null);
  const scheme = useHostScheme();
  const { drawn: seen, sight } = useVisibleRange(view, rows.length, rowHeight);
  const gliding = useGliding(rows, seen);
  const leader = rows[0]?.finalRating ?? 0;
  const yours = you === undefined ? undefined : gliding.places.get(you);

  function show(place: number): void {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (view.current) scrollToRow(view.current, place * rowHeight, calm ? 'instant' : 'smooth');
  }

  const offSight = yours !== undefined && (yours < sight.first || yours >= sight.last);
  return (
    <div
      ref={scheme}
      className={`ccl ccl-board ${className}`}
      style={{ '--ccl-row': `${rowHeight}px` } as CSSProperties}
    >
      <section
        className="ccl-view"
        ref={view}
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
        tabIndex={0}
      >
        <table className="ccl-sheet" aria-rowcount={total + 1}>
          <thead className="ccl-head">
            <tr aria-rowindex={1} className="ccl-columns">
              {COLUMNS.map(([name, text, long]) => (
                <th key={name} scope="col" className={`ccl-cell ccl-${name}`} aria-label={long}>
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody
            className="ccl-rows"
            style={{ height: rows.length * rowHeight }}
            {...(gliding.rush ? { 'data-rush': '' } : {})}
          >
            {drawnPlaces(gliding, seen, performance.now()).map((place) => {
              const row = rows[place] as BoardRow;
              const glide = gliding.glides.get(row.playerId);
              return (
                <StandingRow
                  key={row.playerId}
                  row={row}
                  place={place}
                  y={near(place, seen) * rowHeight}
                  from={near(glide?.from ?? place, seen) * rowHeight}
                  you={row.playerId === you}
                  scored={glide?.scored ?? false}
                  gap={leader - row.finalRating}
                />
              );
            })}
          </tbody>
        </table>
        <div className="ccl-trails" aria-hidden="true">
          {trailing(gliding).map(({ playerId, from, to, at }) => (
            <i
              key={`${playerId} ${at}`}
              className="ccl-trail"
              data-way={Math.sign(from - to)}
              style={trail(near(from, seen), near(to, seen), rowHeight)}
            />
          ))}
        </div>
      </section>
      {offSight && (
        <button type="button" className="ccl-jump" onClick={() => show(yours)}>
          <Ltr>
            {yours < sight.first ? '↑' : '↓'} You are {rows[yours]?.rank}.
          </Ltr>
        </button>
      )}
    </div>
  );
}

/** From the middle of the place that was left to the middle of the one that was reached. */
function trail(from: number, to: number, rowHeight: number): CSSProperties {
  return { top: (Math.min(from, to) + 0.5) * rowHeight, height: Math.abs(from - to) * rowHeight };
}
