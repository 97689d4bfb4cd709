/** Half-open range of rows: `first` … `last − 1`. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Rows drawn above and below the view, so that scrolling shows no gaps. */
const OVERSCAN = 10;

/** Rows to draw, of `count` rows of equal height, for a view of `height` px that is scrolled by `top` px. */
export function drawnRange(count: number, rowHeight: number, top: number, height: number): Range {
  const first = Math.floor(top / rowHeight) - OVERSCAN;
  const last = Math.ceil((top + height) / rowHeight) + OVERSCAN;
  return bounded({ first, last }, count);
}

/** Rows of which at least half is in view. */
export function inViewRange(count: number, rowHeight: number, top: number, height: number): Range {
  const first = Math.round(top / rowHeight);
  const last = Math.round((top + height) / rowHeight);
  return bounded({ first, last }, count);
}

function bounded({ first, last }: Range, count: number): Range {
  const within = (row: number) => Math.min(count, Math.max(0, row));
  return { first: within(first), last: within(last) };
}
