import { type CSSProperties, useRef } from 'react';
import type { BoardRow } from '../../client/types.ts';
import { clampToView, drawnPlaces, trailing } from '../leaderboard/glides.ts';
import { useGliding } from '../leaderboard/use-gliding.ts';
import { useVisibleRange } from '../leaderboard/use-visible-range.ts';
import { Ltr } from '../text/ltr.tsx';
import { useHostScheme } from './host-scheme.ts';
import { StandingsTableRow } from './standings-table-row.tsx';

export interface StandingsTableProps {
  /** In order of rank. */
  readonly rows: readonly BoardRow[];
  /** Number of participants; may exceed the number of rows. */
  readonly total: number;
  /** Id of the player whose row is marked as the viewer's own. */
  readonly you?: number | undefined;
  /** Accessible name. Default: `Standings`. */
  readonly label?: string;
  /** Height of a row, px. Default 40. */
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

/** Leaderboard table whose rows glide to their new places. Draws only the rows in view. */
export function StandingsTable(props: StandingsTableProps) {
  const { rows, total, you, label = 'Standings', rowHeight = 40, className = '' } = props;
  const view = useRef<HTMLDivElement>(null);
  const scheme = useHostScheme();
  const { drawn, inView } = useVisibleRange(view, rows.length, rowHeight);
  const gliding = useGliding(rows, drawn);
  const leader = rows[0]?.finalRating ?? 0;
  const ownPlace = you === undefined ? undefined : gliding.places.get(you);

  function scrollToPlace(place: number): void {
    const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (view.current) scrollToRow(view.current, place * rowHeight, reducedMotion ? 'instant' : 'smooth');
  }

  const outOfView = ownPlace !== undefined && (ownPlace < inView.first || ownPlace >= inView.last);
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
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll container must be reachable by keyboard
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
            {drawnPlaces(gliding, drawn, performance.now()).map((place) => {
              const row = rows[place] as BoardRow;
              const glide = gliding.glides.get(row.playerId);
              return (
                <StandingsTableRow
                  key={row.playerId}
                  row={row}
                  place={place}
                  y={clampToView(place, drawn) * rowHeight}
                  from={clampToView(glide?.from ?? place, drawn) * rowHeight}
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
              style={trailStyle(clampToView(from, drawn), clampToView(to, drawn), rowHeight)}
            />
          ))}
        </div>
      </section>
      {outOfView && (
        <button type="button" className="ccl-jump" onClick={() => scrollToPlace(ownPlace)}>
          <Ltr>
            {ownPlace < inView.first ? '↑' : '↓'} You are {rows[ownPlace]?.rank}.
          </Ltr>
        </button>
      )}
    </div>
  );
}

/** Style of a trail from the middle of the old place to the middle of the new one. Pixels. */
function trailStyle(from: number, to: number, rowHeight: number): CSSProperties {
  return { top: (Math.min(from, to) + 0.5) * rowHeight, height: Math.abs(from - to) * rowHeight };
}

/** Scrolls the row `top` px below the first to the middle of the view: within the list, or the page if the list does not scroll. */
function scrollToRow(view: HTMLElement, top: number, behavior: ScrollBehavior): void {
  if (view.scrollHeight > view.clientHeight + 1) {
    view.scrollTo({ top: top - view.clientHeight / 2, behavior });
    return;
  }
  const above = view.getBoundingClientRect().top;
  window.scrollBy({ top: above + top - window.innerHeight / 2, behavior });
}
