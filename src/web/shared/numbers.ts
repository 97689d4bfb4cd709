/** Formats numbers and times of the debugger and of the operator's page. */

/** Shown in place of a missing number. */
export const NONE = '–';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 });

/** Formats a count: `3`, `1,204`. */
export function formatCount(value: number): string {
  return WHOLE.format(value);
}

/** Formats with three digits: `0.4`, `12.5`, `1,204`. */
export function formatShort(value: number): string {
  return value !== 0 && value < 99.95 ? FINE.format(value) : WHOLE.format(value);
}

/** Formats whole milliseconds, the precision of the service's times. */
export function formatMs(ms: number): string {
  return ms < 1 ? '<1' : WHOLE.format(ms);
}

/** Bytes in MB. */
export function megabytes(bytes: number): number {
  return bytes / 1_000_000;
}

/** Formats a time by the local clock, `18:04:07.120`. `ms` since 1970. */
export function formatClock(ms: number): string {
  const at = new Date(ms);
  return `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
