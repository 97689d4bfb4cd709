import type { EventType } from '../protocol/event.ts';

/** Appearance of the notifications of a type. */
export interface EventAppearance {
  /** Path of the icon, on a grid of 16. */
  readonly icon: string;
  /** Colour of the icon: `gold` for honours, `good` for progress, `plain` for the rest. */
  readonly tone: 'plain' | 'good' | 'gold';
  /** Whether toasts show the type by default. */
  readonly toast: boolean;
}

const FLAG = 'M3.5 15V2M3.5 2.5h9';
const AGAIN = 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3';
const OTHER: EventAppearance = { icon: 'M8 3v6M8 12v.5', tone: 'plain', toast: false };

/** Appearance per type. The compiler requires an entry for each type of the catalogue. */
const EVENT_APPEARANCE: Readonly<Record<EventType, EventAppearance>> = {
  LEVEL_UP: { icon: 'M3 13 8 8l5 5M3 8l5-5 5 5', tone: 'good', toast: true },
  TIER_UPGRADE: { icon: 'M2 13 8 10l6 3M2 9l6-3 6 3M2 5l6-3 6 3', tone: 'plain', toast: true },
  RANK_CHANGE: { icon: 'M8 14V2m0 0L3.5 6.5M8 2l4.5 4.5', tone: 'plain', toast: true },
  ACHIEVEMENT: {
    icon: 'M8 1.5 9.9 6l4.6.4-3.5 3 1.1 4.6L8 11.5 3.9 14 5 9.4 1.5 6.4 6.1 6Z',
    tone: 'gold',
    toast: true,
  },
  PROBLEM_SOLVED: { icon: 'M2.5 8.5 6.5 12.5 13.5 4', tone: 'good', toast: false },
  SUBMISSION_RECEIVED: { icon: 'M8 13V3M4 7l4-4 4 4', tone: 'plain', toast: false },
  SUBMISSION_JUDGED: { icon: 'M3 4h10M3 8h6M3 12h8', tone: 'plain', toast: true },
  SUBMISSION_REJUDGED: { icon: AGAIN, tone: 'plain', toast: true },
  SOLVE_RETRACTED: { icon: 'M4 4l8 8M12 4l-8 8', tone: 'plain', toast: true },
  XP_GAINED: { icon: 'M8 3v10M3 8h10', tone: 'good', toast: false },
  CONTEST_STATUS: { icon: `${FLAG}l-2.5 3 2.5 3h-9`, tone: 'plain', toast: false },
  CONTEST_END: { icon: `${FLAG}v6h-9M8 2.5v6M3.5 5.5h9`, tone: 'plain', toast: false },
  ANNOUNCEMENT: { icon: 'M2 6v4h2.5L12 13.5v-11L4.5 6ZM14.5 6.5v3', tone: 'plain', toast: true },
  ANNOUNCEMENT_WITHDRAWN: { icon: 'M4 4l8 8M12 4l-8 8', tone: 'plain', toast: true },
  CONTEST_CREATED: OTHER,
  CONTEST_CHANGED: { icon: `${FLAG}l-2.5 3 2.5 3h-9`, tone: 'plain', toast: false },
  CONTEST_UNLISTED: OTHER,
  CONTEST_COUNTS: OTHER,
  CONTEST_REVEAL: { icon: `${FLAG}v6h-9M8 2.5v6M3.5 5.5h9`, tone: 'gold', toast: true },
  CONTEST_REVEAL_STEP: OTHER,
  CONTEST_RESULTS: { icon: `${FLAG}v6h-9M8 2.5v6M3.5 5.5h9`, tone: 'gold', toast: true },
  LEADERBOARD_UPDATE: OTHER,
  CELLS_UPDATE: OTHER,
  LEADERBOARD_FREEZE: OTHER,
  CONTEST_JOINED: OTHER,
  GLOBAL_LEADERBOARD: OTHER,
  DIGEST: OTHER,
  PLAYER_STATUS: OTHER,
  NODE_STATUS: OTHER,
  PADDING: OTHER,
  ACCESS_CHANGED: OTHER,
  RECEIPTS: OTHER,
};

/** Appearance of a type, also of one that this version lacks. */
export function appearanceOf(type: EventType): EventAppearance {
  return (EVENT_APPEARANCE as Partial<typeof EVENT_APPEARANCE>)[type] ?? OTHER;
}

/** Types that toasts show by default. */
export const TOASTED = (Object.keys(EVENT_APPEARANCE) as EventType[]).filter(
  (type) => EVENT_APPEARANCE[type].toast,
);

/** Icon of a rank change for the worse. */
export const FALL_ICON = 'M8 2v12m0 0 4.5-4.5M8 14 3.5 9.5';
