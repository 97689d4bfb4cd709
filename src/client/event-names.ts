import type { EventName, EventType } from '../protocol/event.ts';

type Names = { readonly [T in EventType as EventName<T>]: T };

/** Event names. The catalogue stays on the server, with its schemas; the compiler requires the same types here. */
const NAMES: Names = {
  'level-up': 'LEVEL_UP',
  'tier-upgrade': 'TIER_UPGRADE',
  'rank-change': 'RANK_CHANGE',
  achievement: 'ACHIEVEMENT',
  'submission-received': 'SUBMISSION_RECEIVED',
  'submission-judged': 'SUBMISSION_JUDGED',
  'submission-rejudged': 'SUBMISSION_REJUDGED',
  'problem-solved': 'PROBLEM_SOLVED',
  'solve-retracted': 'SOLVE_RETRACTED',
  'xp-gained': 'XP_GAINED',
  'contest-status': 'CONTEST_STATUS',
  'contest-end': 'CONTEST_END',
  'contest-created': 'CONTEST_CREATED',
  'contest-changed': 'CONTEST_CHANGED',
  'contest-unlisted': 'CONTEST_UNLISTED',
  'contest-counts': 'CONTEST_COUNTS',
  'contest-results': 'CONTEST_RESULTS',
  'leaderboard-update': 'LEADERBOARD_UPDATE',
  'cells-update': 'CELLS_UPDATE',
  'leaderboard-freeze': 'LEADERBOARD_FREEZE',
  'contest-joined': 'CONTEST_JOINED',
  announcement: 'ANNOUNCEMENT',
  'global-leaderboard': 'GLOBAL_LEADERBOARD',
  'player-status': 'PLAYER_STATUS',
  'node-status': 'NODE_STATUS',
  'access-changed': 'ACCESS_CHANGED',
  receipts: 'RECEIPTS',
};

/** Names of frames that contain a notification. */
export const EVENT_NAMES = Object.keys(NAMES) as readonly EventName[];

/** Names of frames that are about the stream itself. */
export const CONTROL_NAMES = [
  'stream-open',
  'caught-up',
  'leaderboard-snapshot',
  'cells-snapshot',
  'position',
  'stream-close',
] as const;
