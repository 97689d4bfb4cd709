import type { Contest } from '../../client/api-types.ts';
import { ordinalSuffix } from '../../util/english.ts';

/** The contest to show where none was chosen: a live one that the viewer joined, else a live one, else the first. */
export function mostInteresting(contests: readonly Contest[]): Contest | undefined {
  const live = contests.filter(({ status }) => status === 'LIVE');
  return live.find(({ joined }) => joined) ?? live[0] ?? contests[0];
}

/** Formats a countdown: `6 d 04:12:09`, `04:12:09`. */
export function formatCountdown(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const clock = [seconds / 3_600, seconds / 60, seconds]
    .map((part, place) => String(Math.floor(part) % (place === 0 ? 24 : 60)).padStart(2, '0'))
    .join(':');
  return days > 0 ? `${days} d ${clock}` : clock;
}

/** Formats a time to wait in its largest unit: `6 d`, `4 h`, `12 min`, `40 s`. */
export function formatWait(seconds: number): string {
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)} d`;
  if (seconds >= 3_600) return `${Math.floor(seconds / 3_600)} h`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min` : `${seconds} s`;
}

/** Splits a rank for display: `22` → `["22", "nd"]`. */
export function ordinalParts(rank: number): readonly [digits: string, suffix: string] {
  return [String(rank), ordinalSuffix(rank)];
}
