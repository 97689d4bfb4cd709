/** Values of the platform's enumerations, each once. Without zod, so that clients can import them. */

export const TIERS = ['BRONZE', 'SILVER', 'GOLD'] as const;
export const MODES = ['PRECISION', 'GRINDER', 'LEGEND'] as const;
/** In the order of a contest's life cycle. */
export const CONTEST_STATUSES = ['DRAFT', 'UPCOMING', 'LIVE', 'ENDED', 'CANCELLED'] as const;
export const DIFFICULTIES = ['EASY', 'MEDIUM', 'HARD'] as const;
export const SEVERITIES = ['INFO', 'WARNING', 'SUCCESS'] as const;

export type Tier = (typeof TIERS)[number];
export type Mode = (typeof MODES)[number];
export type ContestStatus = (typeof CONTEST_STATUSES)[number];
export type Difficulty = (typeof DIFFICULTIES)[number];
