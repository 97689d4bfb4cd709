/** Rows `first` … `last − 1` of a list. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** What is drawn above and below what can be seen, so that scrolling shows no gaps. Rows. */
const OVERSCAN = 10;

/** Which of `count` rows of equal height are to be drawn for a view of `height` px that is scrolled by `top` px. */
export function visibleRange(count: number, rowHeight: number, top: number, height: number): Range {
  const first = Math.floor(top / rowHeight) - OVERSCAN;
  const last = Math.ceil((top + height) / rowHeight) + OVERSCAN;
  const bounded = (row: number) => Math.min(count, Math.max(0, row));
  return { first: bounded(first), last: bounded(last) };
}
