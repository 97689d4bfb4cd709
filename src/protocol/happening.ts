import type { EventInput, EventType } from './event.ts';

type Happenings = { readonly [T in EventType]?: (data: EventInput<T>) => string | undefined };

const HAPPENINGS: Happenings = {
  LEVEL_UP: (data) => `level-up:${data.playerId}:${data.newLevel}`,
  TIER_UPGRADE: (data) => `tier-upgrade:${data.playerId}:${data.newTier}`,
  ACHIEVEMENT: (data) => `achievement:${data.playerId}:${data.achievement}`,
  PROBLEM_SOLVED: (data) =>
    `problem-solved:${data.playerId}:${data.problemId}:${data.contestId ?? 'practice'}`,
  CONTEST_JOINED: (data) => {
    const [only, ...others] = data.players;
    return only && others.length === 0 ? `contest-joined:${data.contestId}:${only.playerId}` : undefined;
  },
  CONTEST_STATUS: (data) => `contest-status:${data.contestId}:${data.newStatus}`,
  CONTEST_END: (data) => `contest-end:${data.contestId}`,
  ANNOUNCEMENT: (data) =>
    data.announcementId === undefined ? undefined : `announcement:${data.announcementId}`,
};

/**
 * The name of what happened, for events that happen once. Used as an event's idempotency key it makes everybody who
 * tells of it (a controller, a trigger, the contest clock) tell of the same event, whatever details each of them knows.
 */
export function happeningOf<T extends EventType>(type: T, data: EventInput<T>): string | undefined {
  const name = HAPPENINGS[type] as ((data: EventInput<T>) => string | undefined) | undefined;
  return name?.(data);
}

/** Whether it may happen again, as an ended contest may be opened again: its name alone does not make it a repeat. */
export function mayRecur(type: EventType): boolean {
  return type === 'CONTEST_STATUS' || type === 'CONTEST_END';
}
