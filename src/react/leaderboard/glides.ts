import type { BoardRow } from '../../client/types.ts';
import type { Range } from './visible-range.ts';

/** Animated move of a row from one place in the list to another. Places count from 0. */
export interface Glide {
  readonly playerId: number;
  readonly from: number;
  readonly to: number;
  /** Whether the row's own score changed, not only its place. */
  readonly scored: boolean;
  /** Start time, ms as `performance.now()`. */
  readonly at: number;
}

/** Rows as drawn, with the glides in progress. */
export interface Gliding {
  readonly rows: readonly BoardRow[];
  /** Place by player id. */
  readonly places: ReadonlyMap<number, number>;
  readonly glides: ReadonlyMap<number, Glide>;
  /** Whether more rows move than a viewer can follow: rows are then drawn in their new places without a glide. */
  readonly rush: boolean;
}

/** Duration of a glide, ms; the same as in the style sheet. */
export const GLIDE_MS = 600;
/** Duration of the highlight of a changed score, ms. */
export const SHOWN_MS = 1_600;

/** Max visible rows that glide after a change of their own score; more are a rush. */
const MAX_MOVERS = 12;

/** Rows without glides. */
export function withoutGlides(rows: readonly BoardRow[]): Gliding {
  return { rows, places: placesOf(rows), glides: new Map(), rush: false };
}

/**
 * Glides from the previous rows to `rows`. Only rows whose path touches the visible range glide: among 10,000 rows a
 * single overtaking moves thousands of places out of view. `now`: ms as `performance.now()`.
 */
export function glideTo(before: Gliding, rows: readonly BoardRow[], visible: Range, now: number): Gliding {
  const places = placesOf(rows);
  const glides = new Map<number, Glide>();
  for (const glide of before.glides.values())
    if (now - glide.at < SHOWN_MS && places.has(glide.playerId)) glides.set(glide.playerId, glide);
  for (const [playerId, to] of places) {
    const from = before.places.get(playerId);
    if (from === undefined) continue;
    const scored = before.rows[from]?.finalRating !== rows[to]?.finalRating;
    if (from === to && !scored) continue;
    const crosses = Math.min(from, to) < visible.last && Math.max(from, to) >= visible.first;
    const shown = scored || glides.get(playerId)?.scored === true;
    if (crosses) glides.set(playerId, { playerId, from, to, scored: shown, at: now });
  }
  return { rows, places, glides, rush: movers(glides.values()).length > MAX_MOVERS };
}

function movers(glides: Iterable<Glide>): Glide[] {
  return [...glides].filter(({ scored, from, to }) => scored && from !== to);
}

/** Places to draw, ascending: the visible ones and those of rows that glide out of view. */
export function drawnPlaces({ glides, rows, rush }: Gliding, visible: Range, now: number): number[] {
  const drawn = new Set<number>();
  for (let place = visible.first; place < Math.min(visible.last, rows.length); place += 1) drawn.add(place);
  for (const { to, from, at } of glides.values()) {
    const wasVisible = from >= visible.first && from < visible.last;
    if (!rush && wasVisible && to < rows.length && now - at < GLIDE_MS) drawn.add(to);
  }
  // Ascending, because screen readers read the rows in DOM order.
  return [...drawn].sort((a, b) => a - b);
}

/** Max trails drawn at once. */
const MAX_TRAILS = 5;

/** Glides drawn with a trail: those of rows whose own score changed, the latest first. */
export function trailing({ glides, rush }: Gliding): Glide[] {
  if (rush) return [];
  return movers(glides.values())
    .sort((a, b) => b.at - a.at || a.to - b.to)
    .slice(0, MAX_TRAILS);
}

/** Place at which a row is drawn: its own, or one just outside the visible range if its own is farther away. */
export function clampToView(place: number, visible: Range): number {
  return Math.min(visible.last + 1, Math.max(visible.first - 2, place));
}

function placesOf(rows: readonly BoardRow[]): Map<number, number> {
  return new Map(rows.map(({ playerId }, place) => [playerId, place]));
}
