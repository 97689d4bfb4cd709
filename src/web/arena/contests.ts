import type { ContestStatus } from '../../protocol/enums.ts';

/** A contest as the service lists it. Times are ISO 8601 in UTC. */
export interface Contest {
  readonly id: number;
  readonly title: string;
  readonly status: ContestStatus;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  readonly participantCount: number;
  readonly isPublic: boolean;
  readonly joined: boolean;
  readonly frozen: boolean;
}

const ORDER = ['LIVE', 'UPCOMING', 'ENDED', 'DRAFT', 'CANCELLED'];

/** What is on first, then what is next, then what was last. */
export function inOrder(contests: readonly Contest[]): Contest[] {
  const time = ({ status, startsAt, endsAt }: Contest) => {
    const at = Date.parse((status === 'ENDED' ? endsAt : startsAt) ?? '') || 0;
    return status === 'ENDED' ? -at : at;
  };
  return [...contests].sort(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || time(a) - time(b) || a.id - b.id,
  );
}

/** The one to show to somebody who chose none: on and joined, else on, else the first. */
export function mostInteresting(contests: readonly Contest[]): Contest | undefined {
  const live = contests.filter(({ status }) => status === 'LIVE');
  return live.find(({ joined }) => joined) ?? live[0] ?? contests[0];
}

/** `6 d 04:12:09`, `04:12:09`. */
export function formatCountdown(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const clock = [seconds / 3_600, seconds / 60, seconds]
    .map((part, place) => String(Math.floor(part) % (place === 0 ? 24 : 60)).padStart(2, '0'))
    .join(':');
  return days > 0 ? `${days} d ${clock}` : clock;
}

/** Roughly, for where a second counts for nothing: `6 d`, `4 h`, `12 min`, `soon`. */
export function formatWait(seconds: number): string {
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)} d`;
  if (seconds >= 3_600) return `${Math.floor(seconds / 3_600)} h`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min` : `${seconds} s`;
}
