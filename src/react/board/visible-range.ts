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
  return bounded({ first, last }, count);
}

/** Those of them that can be seen, by half at least. */
export function sightRange(count: number, rowHeight: number, top: number, height: number): Range {
  const first = Math.round(top / rowHeight);
  const last = Math.round((top + height) / rowHeight);
  return bounded({ first, last }, count);
}

function bounded({ first, last }: Range, count: number): Range {
  const within = (row: number) => Math.min(count, Math.max(0, row));
  return { first: within(first), last: within(last) };
}
