import { type RefObject, useEffect, useLayoutEffect, useState } from 'react';
import { type Range, visibleRange } from './visible-range.ts';

const useIsomorphicLayoutEffect = typeof window === 'undefined' ? useEffect : useLayoutEffect;

/** So many rows are drawn where nothing can be measured: on a server. */
const UNMEASURED_ROWS = 30;

/** Which rows of a scrolled list are in sight. It changes by whole rows, so scrolling within a row draws nothing. */
export function useVisibleRange(
  view: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): Range {
  const [range, setRange] = useState<Range>({ first: 0, last: UNMEASURED_ROWS });
  useIsomorphicLayoutEffect(() => {
    const element = view.current;
    if (element === null) return;
    const measure = () => {
      const next = visibleRange(count, rowHeight, element.scrollTop, element.clientHeight);
      setRange((known) => (known.first === next.first && known.last === next.last ? known : next));
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
