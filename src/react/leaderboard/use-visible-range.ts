import { type RefObject, useEffect, useLayoutEffect, useState } from 'react';
import { drawnRange, inViewRange, type Range } from './visible-range.ts';

const useIsomorphicLayoutEffect = typeof window === 'undefined' ? useEffect : useLayoutEffect;

/** Rows drawn while nothing can be measured, as on a server. */
const UNMEASURED_ROWS = 30;

export interface VisibleRange {
  /** Rows to draw. */
  readonly drawn: Range;
  /** Rows in view, without the overscan. */
  readonly inView: Range;
}

/**
 * Visible rows of a list: the intersection of its scrolled part with the window, so that a list of unbounded height draws
 * no more rows than one that scrolls. It changes by whole rows: scrolling within a row renders nothing. It is measured in
 * effects and events only, because measuring during a render would force another layout.
 */
export function useVisibleRange(
  view: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VisibleRange {
  const unmeasured = { first: 0, last: UNMEASURED_ROWS };
  const [range, setRange] = useState<VisibleRange>({ drawn: unmeasured, inView: unmeasured });
  useIsomorphicLayoutEffect(() => {
    const element = view.current;
    if (element === null) return;
    const measure = () => {
      const { top, height } = visiblePart(element);
      const drawn = drawnRange(count, rowHeight, top, height);
      const inView = inViewRange(count, rowHeight, top, height);
      setRange((known) =>
        equal(known.drawn, drawn) && equal(known.inView, inView) ? known : { drawn, inView },
      );
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    // Capture: the list, the page or an element between them may scroll.
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

/** Offset and height of the visible part of a scrolled element, within its content. Pixels. */
function visiblePart(element: HTMLElement): { top: number; height: number } {
  const { scrollTop, clientHeight } = element;
  const start = element.getBoundingClientRect().top;
  const above = Math.min(clientHeight, Math.max(0, -start));
  const end = Math.min(clientHeight, Math.max(0, window.innerHeight - start));
  return { top: scrollTop + above, height: Math.max(0, end - above) };
}

function equal(a: Range, b: Range): boolean {
  return a.first === b.first && a.last === b.last;
}
