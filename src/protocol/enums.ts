/** Values of the platform's enumerations, each once. Without zod, so that clients can import them. */

export const TIERS = ['BRONZE', 'SILVER', 'GOLD'] as const;
export const MODES = ['PRECISION', 'GRINDER', 'LEGEND'] as const;
/** In the order of a contest's life cycle. */
export const CONTEST_STATUSES = ['DRAFT', 'UPCOMING', 'LIVE', 'ENDED', 'CANCELLED'] as const;
export const DIFFICULTIES = ['EASY', 'MEDIUM', 'HARD'] as const;
export const ROLES = ['PLAYER', 'ADMIN', 'COMPANY'] as const;
/** What players do with a notification. Reading implies having seen it; archiving implies having read it. */
export const RECEIPT_ACTIONS = ['seen', 'read', 'unread', 'archived', 'unarchived'] as const;
/** What an entry of a player's history is about, in the platform's words. */
export const ACTIVITY_ACTIONS = [
  'LEVEL_UP',
  'PROBLEM_SOLVED',
  'CONTEST_JOINED',
  'CONTEST_FINISHED',
  'RANK_CHANGED',
  'TIER_UPGRADED',
  'ACHIEVEMENT_EARNED',
] as const;
export const SEVERITIES = ['INFO', 'WARNING', 'SUCCESS'] as const;

export type Tier = (typeof TIERS)[number];
export type Mode = (typeof MODES)[number];
export type ContestStatus = (typeof CONTEST_STATUSES)[number];
export type Difficulty = (typeof DIFFICULTIES)[number];
export type Role = (typeof ROLES)[number];
export type ReceiptAction = (typeof RECEIPT_ACTIONS)[number];
export type ActivityAction = (typeof ACTIVITY_ACTIONS)[number];
