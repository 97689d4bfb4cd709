import { type RefObject, useEffect, useLayoutEffect, useState } from 'react';
import { type Range, sightRange, visibleRange } from './visible-range.ts';

const useIsomorphicLayoutEffect = typeof window === 'undefined' ? useEffect : useLayoutEffect;

/** So many rows are drawn where nothing can be measured: on a server. */
const UNMEASURED_ROWS = 30;

export interface VisibleRange {
  /** Which rows are to be drawn. */
  readonly drawn: Range;
  /** Which of them can be seen. */
  readonly sight: Range;
}

/**
 * Which rows of a list are in sight: of the part that it is scrolled to, what is within the window. So a list whose height
 * nobody bounds draws no more than one that scrolls. It changes by whole rows, so scrolling within a row draws nothing. What
 * is measured is kept: to measure while drawing would have the browser lay everything out once more.
 */
export function useVisibleRange(
  view: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VisibleRange {
  const unmeasured = { first: 0, last: UNMEASURED_ROWS };
  const [range, setRange] = useState<VisibleRange>({ drawn: unmeasured, sight: unmeasured });
  useIsomorphicLayoutEffect(() => {
    const element = view.current;
    if (element === null) return;
    const measure = () => {
      const { top, height } = visibleStretch(element);
      const drawn = visibleRange(count, rowHeight, top, height);
      const sight = sightRange(count, rowHeight, top, height);
      setRange((known) =>
        equal(known.drawn, drawn) && equal(known.sight, sight) ? known : { drawn, sight },
      );
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    // Whatever scrolls: the list, the page, or something between them.
    const scrolled = { capture: true, passive: true } as const;
    window.addEventListener('scroll', measure, scrolled);
    window.addEventListener('resize', measure);
    return () => {
      resized.disconnect();
      window.removeEventListener('scroll', measure, scrolled);
      window.removeEventListener('resize', measure);
    };
  }, [view, count, rowHeight]);
  return range;
}

/** Where in its content the visible part of a scrolled element begins, and how high it is. Pixels. */
function visibleStretch(element: HTMLElement): { top: number; height: number } {
  const { scrollTop, clientHeight } = element;
  const start = element.getBoundingClientRect().top;
  const above = Math.min(clientHeight, Math.max(0, -start));
  const end = Math.min(clientHeight, Math.max(0, window.innerHeight - start));
  return { top: scrollTop + above, height: Math.max(0, end - above) };
}

function equal(a: Range, b: Range): boolean {
  return a.first === b.first && a.last === b.last;
}
