import type { BoardRow } from '../../client/types.ts';
import type { Range } from './visible-range.ts';

/** A row on its way from one place of the list to another. Places count from 0. */
export interface Glide {
  readonly playerId: number;
  readonly from: number;
  readonly to: number;
  /** Whether the row's own score changed, and not only those around it. */
  readonly scored: boolean;
  /** When it began, in ms. */
  readonly at: number;
}

/** The rows as they are drawn, and what is under way among them. */
export interface Gliding {
  readonly rows: readonly BoardRow[];
  /** The place of each player. */
  readonly places: ReadonlyMap<number, number>;
  readonly glides: ReadonlyMap<number, Glide>;
  /** So many move by own scores that no eye can follow: rows are at once where they belong, and nothing glides. */
  readonly rush: boolean;
}

/** How long a row glides, in ms; the style sheet says the same. */
export const GLIDE_MS = 600;
/** How long it shows that a score changed, in ms. */
export const SHOWN_MS = 1_600;

/** More who moved by an own score, of late and in sight, are a rush. */
const MOST_MOVERS = 12;

export function still(rows: readonly BoardRow[]): Gliding {
  return { rows, places: placesOf(rows), glides: new Map(), rush: false };
}

/**
 * What follows when the rows become other rows: only those glide whose way begins, ends or passes in sight. With 10,000
 * rows a single overtaking moves thousands of places that nobody looks at.
 */
export function glideTo(before: Gliding, rows: readonly BoardRow[], seen: Range, now: number): Gliding {
  const places = placesOf(rows);
  const glides = new Map<number, Glide>();
  for (const glide of before.glides.values())
    if (now - glide.at < SHOWN_MS && places.has(glide.playerId)) glides.set(glide.playerId, glide);
  for (const [playerId, to] of places) {
    const from = before.places.get(playerId);
    if (from === undefined) continue;
    const scored = before.rows[from]?.finalRating !== rows[to]?.finalRating;
    if (from === to && !scored) continue;
    const crosses = Math.min(from, to) < seen.last && Math.max(from, to) >= seen.first;
    const shown = scored || glides.get(playerId)?.scored === true;
    if (crosses) glides.set(playerId, { playerId, from, to, scored: shown, at: now });
  }
  return { rows, places, glides, rush: movers(glides.values()).length > MOST_MOVERS };
}

function movers(glides: Iterable<Glide>): Glide[] {
  return [...glides].filter(({ scored, from, to }) => scored && from !== to);
}

/** The places to draw: those in sight, and those of rows that are gliding out of it. */
export function drawnPlaces({ glides, rows, rush }: Gliding, seen: Range, now: number): number[] {
  const drawn = new Set<number>();
  for (let place = seen.first; place < Math.min(seen.last, rows.length); place += 1) drawn.add(place);
  for (const { to, from, at } of glides.values()) {
    const wasSeen = from >= seen.first && from < seen.last;
    if (!rush && wasSeen && to < rows.length && now - at < GLIDE_MS) drawn.add(to);
  }
  // In the list's order: that is the order in which a screen reader meets them.
  return [...drawn].sort((a, b) => a - b);
}

/** More trails than these tell nothing any more. */
const MOST_TRAILS = 5;

/** Whose way is shown: who moved by an own score, the latest first. */
export function trailing({ glides, rush }: Gliding): Glide[] {
  if (rush) return [];
  return movers(glides.values())
    .sort((a, b) => b.at - a.at || a.to - b.to)
    .slice(0, MOST_TRAILS);
}

/** Where a row is drawn: in its place, or just out of sight when its place is far away. */
export function near(place: number, seen: Range): number {
  return Math.min(seen.last + 1, Math.max(seen.first - 2, place));
}

function placesOf(rows: readonly BoardRow[]): Map<number, number> {
  return new Map(rows.map(({ playerId }, place) => [playerId, place]));
}
