import type { EventInput, PublicEventType } from '../protocol/event.ts';

/**
 * Method name of each type: its name in camel case, prefixed with `player` where the name alone has no subject.
 * The compiler requires an entry for each type of the catalogue.
 */
export const METHODS = {
  PROBLEM_SOLVED: 'problemSolved',
  SUBMISSION_RECEIVED: 'submissionReceived',
  SUBMISSION_JUDGED: 'submissionJudged',
  SUBMISSION_REJUDGED: 'submissionRejudged',
  SOLVE_RETRACTED: 'solveRetracted',
  XP_GAINED: 'playerXpGained',
  LEVEL_UP: 'playerLevelUp',
  TIER_UPGRADE: 'playerTierUpgrade',
  RANK_CHANGE: 'playerRankChange',
  ACHIEVEMENT: 'playerAchievement',
  PLAYER_STATUS: 'playerStatus',
  CONTEST_JOINED: 'contestJoined',
  CONTEST_STATUS: 'contestStatus',
  CONTEST_END: 'contestEnd',
  ANNOUNCEMENT: 'announcement',
  ANNOUNCEMENT_WITHDRAWN: 'announcementWithdrawn',
} as const satisfies Record<PublicEventType, string>;

export interface SendOptions {
  /**
   * 1 … 128 printable ASCII characters. Default: the event's natural key where its data gives one
   * (`problem-solved:7:5:3`), so that another publisher of the same event doubles nothing; else a random key, the same for
   * each attempt to send this event.
   */
  readonly idempotencyKey?: string;
}

/** One method per event type. */
export type EventMethods<Sent> = {
  readonly [T in PublicEventType as (typeof METHODS)[T]]: (
    data: EventInput<T>,
    options?: SendOptions,
  ) => Sent;
};

/** Makes the methods, each of which passes its event to `send`. */
export function eventMethods<Sent>(
  send: (type: PublicEventType, data: unknown, options: SendOptions) => Sent,
): EventMethods<Sent> {
  const methods = Object.entries(METHODS).map(([type, name]) => [
    name,
    (data: unknown, options: SendOptions = {}) => send(type as PublicEventType, data, options),
  ]);
  return Object.fromEntries(methods) as EventMethods<Sent>;
}
