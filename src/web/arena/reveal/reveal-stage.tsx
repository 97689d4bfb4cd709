import { type CSSProperties, useEffect, useRef } from 'react';
import type { Cell } from '../../../protocol/cells.ts';
import { formatWhole } from '../../../react/format.ts';
import { useVisibleRange } from '../../../react/leaderboard/use-visible-range.ts';
import { Ltr } from '../../../react/text/ltr.tsx';
import { UserText } from '../../../react/text/user-text.tsx';
import { problemLetter, type RevealRow, type RevealView } from './reveal-view.ts';
import type { RevealControls } from './use-reveal.ts';

const ROW_PX = 48;

/** What an admin may open at once, by the keys of `useStepKeys`. The first is the usual one. */
const STEPS = [
  { extent: 'cell', label: 'Next cell', key: 'space' },
  { extent: 'row', label: 'Whole row', key: 'R' },
  { extent: 'all', label: 'Everything', key: undefined },
] as const;

/** The reveal of frozen standings as everybody watches it; admins step it with the space bar. */
export function RevealStage({
  controls,
  view,
}: {
  readonly controls: RevealControls;
  readonly view: RevealView;
}) {
  useStepKeys(controls);
  const list = useRef<HTMLDivElement>(null);
  const { drawn } = useVisibleRange(list, view.rows.length, ROW_PX);
  const focused = view.next?.playerId ?? view.last?.playerId;
  const place = view.rows.findIndex(({ playerId }) => playerId === focused);
  useEffect(() => {
    const element = list.current;
    if (element === null || place < 0) return;
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    element.scrollTo({
      top: place * ROW_PX - element.clientHeight / 2,
      behavior: calm ? 'auto' : 'smooth',
    });
  }, [place]);
  return (
    <section className="reveal" aria-label="Reveal of the final standings" data-step={view.step}>
      <header className="reveal-head">
        <p role="status">{summaryOf(view)}</p>
        {controls.canStep && !view.finished && (
          <div className="reveal-keys">
            {STEPS.map(({ extent, label, key }, index) => (
              <button
                key={extent}
                type="button"
                className={index === 0 ? 'primary' : 'plain'}
                disabled={controls.busy}
                onClick={() => controls.step(extent)}
              >
                {label} {key !== undefined && <kbd>{key}</kbd>}
              </button>
            ))}
          </div>
        )}
        {view.finished && (
          <button type="button" className="primary" onClick={controls.dismiss}>
            Show the standings
          </button>
        )}
        {controls.mistake !== '' && <p role="alert">{controls.mistake}</p>}
      </header>
      <div className="reveal-scroll" ref={list}>
        <ul className="reveal-rows" style={{ blockSize: `${view.rows.length * ROW_PX}px` }}>
          {view.rows
            .map((row, index) => ({ row, index }))
            .filter(
              ({ row, index }) => (index >= drawn.first && index < drawn.last) || row.playerId === focused,
            )
            .sort((a, b) => a.row.playerId - b.row.playerId)
            .map(({ row, index }) => (
              <Row key={row.playerId} row={row} index={index} view={view} />
            ))}
        </ul>
      </div>
    </section>
  );
}

interface RowProps {
  readonly row: RevealRow;
  readonly index: number;
  readonly view: RevealView;
}

function Row({ row, index, view: { problems, next, last } }: RowProps) {
  const cells = new Map(row.cells.map((cell) => [cell.problemId, cell]));
  const isNext = next?.playerId === row.playerId;
  const isLast = last?.playerId === row.playerId;
  const opened = isLast ? new Set(last.cells.map(({ problemId }) => problemId)) : undefined;
  return (
    <li
      className="reveal-row"
      data-player={row.playerId}
      data-rank={row.rank}
      style={{ '--y': `${index * ROW_PX}px` } as CSSProperties}
      {...(isNext ? { 'data-next': '' } : {})}
      {...(isLast ? { 'data-last': '' } : {})}
    >
      <span className="reveal-rank">
        <Ltr>{formatWhole(row.rank)}</Ltr>
      </span>
      <UserText className="reveal-name" text={row.playerName} />
      <span className="reveal-cells">
        {problems.map((problemId, place) => (
          <CellMark
            key={problemId}
            letter={problemLetter(place)}
            cell={cells.get(problemId)}
            next={isNext && next.problemId === problemId}
            opened={opened?.has(problemId) === true}
          />
        ))}
      </span>
      <span className="reveal-rating">
        <Ltr>{row.finalRating.toFixed(2)}</Ltr>
      </span>
    </li>
  );
}

interface CellMarkProps {
  readonly letter: string;
  readonly cell: Cell | undefined;
  /** Whether the next step opens it. */
  readonly next: boolean;
  /** Whether the last step opened it. */
  readonly opened: boolean;
}

function CellMark({ letter, cell, next, opened }: CellMarkProps) {
  const state =
    cell === undefined
      ? 'none'
      : cell.solvedAt !== undefined
        ? 'solved'
        : cell.pending
          ? 'pending'
          : 'failed';
  const tries = (cell?.attempts ?? 0) + (cell?.pending ?? 0);
  const text = { none: letter, solved: `+${tries}`, pending: `?${tries}`, failed: `−${tries}` }[state];
  const said = {
    none: 'not tried',
    solved: `solved${cell?.first ? ' first of all' : ''}, attempt ${tries}`,
    pending: `pending, ${tries} submitted`,
    failed: `not solved in ${tries}`,
  }[state];
  return (
    <span
      className="reveal-cell"
      data-state={state}
      {...(next ? { 'data-next': '' } : {})}
      {...(opened ? { 'data-opened': '' } : {})}
      {...(cell?.first ? { 'data-first': '' } : {})}
    >
      <span aria-hidden="true">
        <Ltr>{text}</Ltr>
      </span>
      <span className="ccl-hidden">{`${letter}: ${said}`}</span>
    </span>
  );
}

function summaryOf({ finished, last, pending }: RevealView): string {
  const left = finished
    ? 'Everything is revealed.'
    : pending === 1
      ? 'One cell is still hidden.'
      : `${formatWhole(pending)} cells are still hidden.`;
  if (last?.playerId === undefined || last.row === undefined) return left;
  const solved = last.cells.filter(({ solvedAt }) => solvedAt !== undefined).length;
  const outcome = last.cells.length === 0 ? 'total' : solved > 0 ? 'solved' : 'not solved';
  const rank = last.settled ? `, rank ${last.row.rank}` : '';
  return `${last.row.playerName}: ${outcome}${rank}. ${left}`;
}

/** Space takes the next cell, R the whole row; not while something else has the key. */
function useStepKeys({ canStep, step }: RevealControls): void {
  const latest = useRef(step);
  useEffect(() => {
    latest.current = step;
  });
  useEffect(() => {
    if (!canStep) return;
    const pressed = (event: KeyboardEvent) => {
      const { target, key, repeat } = event;
      if (event.ctrlKey || event.metaKey || event.altKey || repeat) return;
      if (target instanceof Element && target.closest('button, a, input, textarea, select') !== null) return;
      if (key !== ' ' && key !== 'r' && key !== 'R') return;
      event.preventDefault();
      latest.current(key === ' ' ? 'cell' : 'row');
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [canStep]);
}
