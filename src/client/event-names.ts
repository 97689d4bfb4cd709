import type { EventName } from '../protocol/event.ts';

/** Event names. The catalogue stays on the server, with its schemas; the compiler requires the same names here. */
const NAMES: Readonly<Record<EventName, true>> = {
  'level-up': true,
  'tier-upgrade': true,
  'rank-change': true,
  achievement: true,
  'submission-received': true,
  'submission-judged': true,
  'submission-rejudged': true,
  'problem-solved': true,
  'solve-retracted': true,
  'xp-gained': true,
  'contest-status': true,
  'contest-end': true,
  'contest-created': true,
  'contest-changed': true,
  'contest-unlisted': true,
  'contest-counts': true,
  'contest-results': true,
  'contest-reveal': true,
  'contest-reveal-step': true,
  'leaderboard-update': true,
  'cells-update': true,
  'leaderboard-freeze': true,
  'contest-joined': true,
  announcement: true,
  'announcement-withdrawn': true,
  'global-leaderboard': true,
  digest: true,
  'player-status': true,
  'node-status': true,
  padding: true,
  'access-changed': true,
  receipts: true,
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
