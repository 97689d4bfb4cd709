/** How the tools write numbers and times. */

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 });

/** What is counted: `3`, `1,204`. */
export function formatCount(value: number): string {
  return WHOLE.format(value);
}

/** `0.4`, `12.5`, `1,204`: three digits are enough. */
export function formatShort(value: number): string {
  return value !== 0 && value < 99.95 ? FINE.format(value) : WHOLE.format(value);
}

/** Whole milliseconds, as exactly as the service writes times. */
export function formatMs(ms: number): string {
  return ms < 1 ? '<1' : WHOLE.format(ms);
}

/** Bytes as `104 MB`, without the unit. */
export function megabytes(bytes: number): number {
  return bytes / 1_000_000;
}

/** `18:04:07.120` by the viewer's clock. `ms` since 1970. */
export function formatClock(ms: number): string {
  const at = new Date(ms);
  return `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** The value below which so many of `sorted` lie (nearest rank); undefined where there are none. `share`: 0 … 1. */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
