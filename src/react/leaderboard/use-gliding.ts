import { useEffect, useState } from 'react';
import type { BoardRow } from '../../client/types.ts';
import { type Gliding, glideTo, SHOWN_MS, withoutGlides } from './glides.ts';
import type { Range } from './visible-range.ts';

/** Rows with the glides in progress. The previous rows are compared during the render, not in an effect one frame later. */
export function useGliding(rows: readonly BoardRow[], visible: Range): Gliding {
  const [gliding, setGliding] = useState(() => withoutGlides(rows));
  let shown = gliding;
  if (gliding.rows !== rows) {
    shown = glideTo(gliding, rows, visible, performance.now());
    setGliding(shown);
  }
  useEffect(() => {
    if (shown.glides.size === 0) return;
    const timer = setTimeout(() => setGliding((known) => withoutGlides(known.rows)), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return shown;
}
