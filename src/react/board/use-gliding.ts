import { useEffect, useState } from 'react';
import type { BoardRow } from '../../client/types.ts';
import { type Gliding, glideTo, SHOWN_MS, still } from './glides.ts';
import type { Range } from './visible-range.ts';

/** The rows with what is gliding among them. What was drawn before is compared while drawing, not a frame later. */
export function useGliding(rows: readonly BoardRow[], seen: Range): Gliding {
  const [gliding, setGliding] = useState(() => still(rows));
  let shown = gliding;
  if (gliding.rows !== rows) {
    shown = glideTo(gliding, rows, seen, performance.now());
    setGliding(shown);
  }
  useEffect(() => {
    if (shown.glides.size === 0) return;
    const timer = setTimeout(() => setGliding((known) => still(known.rows)), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return shown;
}
