const RATING = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const WHOLE = new Intl.NumberFormat('en');
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Whole and fractional part of a rating: `1234.5` → `["1,234", ".50"]`. */
export function ratingParts(rating: number): readonly [whole: string, fraction: string] {
  const text = RATING.format(rating);
  const dot = text.lastIndexOf('.');
  return [text.slice(0, dot), text.slice(dot)];
}

export function formatWhole(value: number): string {
  return WHOLE.format(value);
}

/** Rating behind the leader, with U+2212 as minus: `−12.25`; empty for 0. */
export function formatGap(behind: number): string {
  return behind === 0 ? '' : `−${RATING.format(behind)}`;
}

/** Local time or date: `14:07` today, `21 Nov` before. */
export function formatMoment(iso: string, now: Date): string {
  const at = new Date(iso);
  return (at.toDateString() === now.toDateString() ? TIME : DAY).format(at);
}

/** Age at `now` (ms since 1970): `now`, `4 min`, `2 h`, `3 d`. */
export function formatAge(iso: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 60) return 'now';
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
