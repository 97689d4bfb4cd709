import type { EventInput, EventType } from './event.ts';

type NaturalKeys = {
  readonly [T in EventType]: ((data: EventInput<T>) => string | undefined) | undefined;
};

/** Natural key per type; undefined for types whose events may repeat. The compiler requires an entry for each type. */
const NATURAL_KEYS: NaturalKeys = {
  LEVEL_UP: (data) => `level-up:${data.playerId}:${data.newLevel}`,
  TIER_UPGRADE: (data) => `tier-upgrade:${data.playerId}:${data.newTier}`,
  ACHIEVEMENT: (data) => `achievement:${data.playerId}:${data.achievement}`,
  PROBLEM_SOLVED: (data) =>
    `problem-solved:${data.playerId}:${data.problemId}:${data.contestId ?? 'practice'}`,
  SUBMISSION_RECEIVED: (data) => `submission-received:${data.submissionId}`,
  SUBMISSION_JUDGED: (data) => `submission-judged:${data.submissionId}`,
  XP_GAINED: (data) => (data.ledgerId === undefined ? undefined : `xp-gained:${data.ledgerId}`),
  CONTEST_JOINED: (data) => {
    const [only, ...others] = data.players;
    return only && others.length === 0 ? `contest-joined:${data.contestId}:${only.playerId}` : undefined;
  },
  CONTEST_STATUS: (data) => `contest-status:${data.contestId}:${data.newStatus}`,
  CONTEST_END: (data) => `contest-end:${data.contestId}`,
  ANNOUNCEMENT: (data) =>
    data.announcementId === undefined || data.correction ? undefined : `announcement:${data.announcementId}`,
  ANNOUNCEMENT_WITHDRAWN: undefined,
  CONTEST_CREATED: undefined,
  CONTEST_CHANGED: undefined,
  CONTEST_UNLISTED: undefined,
  CONTEST_COUNTS: undefined,
  CONTEST_RESULTS: undefined,
  CONTEST_REVEAL: undefined,
  CONTEST_REVEAL_STEP: undefined,
  RANK_CHANGE: undefined,
  SUBMISSION_REJUDGED: undefined,
  SOLVE_RETRACTED: undefined,
  LEADERBOARD_UPDATE: undefined,
  CELLS_UPDATE: undefined,
  LEADERBOARD_FREEZE: undefined,
  GLOBAL_LEADERBOARD: undefined,
  DIGEST: undefined,
  PLAYER_STATUS: undefined,
  NODE_STATUS: undefined,
  PADDING: undefined,
  ACCESS_CHANGED: undefined,
  RECEIPTS: undefined,
};

/**
 * Natural key of an event that happens once, e.g. `level-up:7:12`. Used as the idempotency key, it lets a controller, a
 * trigger and the contest clock publish the same event, whatever details each of them has.
 */
export function naturalKeyOf<T extends EventType>(type: T, data: EventInput<T>): string | undefined {
  const keyOf = NATURAL_KEYS[type] as ((data: EventInput<T>) => string | undefined) | undefined;
  return keyOf?.(data);
}

/** Whether the event may happen again (an ended contest can be reopened), so that its natural key alone is no repeat. */
export function mayRecur(type: EventType): boolean {
  return type === 'CONTEST_STATUS' || type === 'CONTEST_END';
}

/** Natural key of an event that this one takes back, so that it may happen again; undefined where it takes none back. */
export function releasedKeyOf(type: EventType, data: unknown): string | undefined {
  if (type === 'SOLVE_RETRACTED')
    return naturalKeyOf('PROBLEM_SOLVED', data as EventInput<'SOLVE_RETRACTED'>);
  if (type === 'ANNOUNCEMENT_WITHDRAWN')
    return `announcement:${(data as EventInput<'ANNOUNCEMENT_WITHDRAWN'>).announcementId}`;
  if (type !== 'SUBMISSION_REJUDGED') return undefined;
  const { submissionId, verdict } = data as EventInput<'SUBMISSION_REJUDGED'>;
  return verdict === 'PENDING' ? `submission-judged:${submissionId}` : undefined;
}
