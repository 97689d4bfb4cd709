import type { EventName, EventType } from '../protocol/event.ts';

type Names = { readonly [T in EventType as EventName<T>]: T };

/** Every event's name: the catalogue itself stays on the server, with its schemas. The compiler compares both. */
const NAMES: Names = {
  'level-up': 'LEVEL_UP',
  'tier-upgrade': 'TIER_UPGRADE',
  'rank-change': 'RANK_CHANGE',
  achievement: 'ACHIEVEMENT',
  'problem-solved': 'PROBLEM_SOLVED',
  'contest-status': 'CONTEST_STATUS',
  'contest-end': 'CONTEST_END',
  'leaderboard-update': 'LEADERBOARD_UPDATE',
  'leaderboard-freeze': 'LEADERBOARD_FREEZE',
  'contest-joined': 'CONTEST_JOINED',
  announcement: 'ANNOUNCEMENT',
  'global-leaderboard': 'GLOBAL_LEADERBOARD',
  'player-status': 'PLAYER_STATUS',
  'node-status': 'NODE_STATUS',
  receipts: 'RECEIPTS',
};

/** The names of all frames that carry a notification. */
export const EVENT_NAMES = Object.keys(NAMES) as readonly EventName[];

/** The names of the frames that a stream says of itself. */
export const CONTROL_NAMES = [
  'stream-open',
  'caught-up',
  'leaderboard-snapshot',
  'position',
  'stream-close',
] as const;
