import type { EventInput, PublicEventType } from '../protocol/event.ts';

/**
 * The method of each type: its name in camel case, after `player` where it does not say by itself what it is about.
 * The compiler asks for an entry when the catalogue gets a type.
 */
export const METHODS = {
  PROBLEM_SOLVED: 'problemSolved',
  LEVEL_UP: 'playerLevelUp',
  TIER_UPGRADE: 'playerTierUpgrade',
  RANK_CHANGE: 'playerRankChange',
  ACHIEVEMENT: 'playerAchievement',
  PLAYER_STATUS: 'playerStatus',
  CONTEST_JOINED: 'contestJoined',
  CONTEST_STATUS: 'contestStatus',
  CONTEST_END: 'contestEnd',
  ANNOUNCEMENT: 'announcement',
} as const satisfies Record<PublicEventType, string>;

export interface SendOptions {
  /**
   * 1 … 128 printable ASCII characters. Default: the name of what happened where the data gives one
   * (`problem-solved:7:5:3`), so that whoever else tells of it doubles nothing; else a random key, the same for each
   * attempt to send this event.
   */
  readonly idempotencyKey?: string;
}

/** One method for each type of event. */
export type EventMethods<Sent> = {
  readonly [T in PublicEventType as (typeof METHODS)[T]]: (
    data: EventInput<T>,
    options?: SendOptions,
  ) => Sent;
};

/** The methods, each handing its event to `send`. */
export function eventMethods<Sent>(
  send: (type: PublicEventType, data: unknown, options: SendOptions) => Sent,
): EventMethods<Sent> {
  const methods = Object.entries(METHODS).map(([type, name]) => [
    name,
    (data: unknown, options: SendOptions = {}) => send(type as PublicEventType, data, options),
  ]);
  return Object.fromEntries(methods) as EventMethods<Sent>;
}
