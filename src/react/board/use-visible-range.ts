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
 * Which rows of a scrolled list are in sight. It changes by whole rows, so scrolling within a row draws nothing. What is
 * measured is kept: to measure while drawing would have the browser lay everything out once more.
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
      const { scrollTop, clientHeight } = element;
      const drawn = visibleRange(count, rowHeight, scrollTop, clientHeight);
      const sight = sightRange(count, rowHeight, scrollTop, clientHeight);
      setRange((known) =>
        equal(known.drawn, drawn) && equal(known.sight, sight) ? known : { drawn, sight },
      );
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [view, count, rowHeight]);
  return range;
}

function equal(a: Range, b: Range): boolean {
  return a.first === b.first && a.last === b.last;
}
