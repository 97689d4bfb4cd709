import type { EventType, Notification } from '../../protocol/event.ts';

/** Drawn on a grid of 16. */
const PATHS: Partial<Record<EventType, string>> = {
  LEVEL_UP: 'M3 13 8 8l5 5M3 8l5-5 5 5',
  TIER_UPGRADE: 'M2 13 8 10l6 3M2 9l6-3 6 3M2 5l6-3 6 3',
  RANK_CHANGE: 'M8 14V2m0 0L3.5 6.5M8 2l4.5 4.5',
  ACHIEVEMENT: 'M8 1.5 9.9 6l4.6.4-3.5 3 1.1 4.6L8 11.5 3.9 14 5 9.4 1.5 6.4 6.1 6Z',
  PROBLEM_SOLVED: 'M2.5 8.5 6.5 12.5 13.5 4',
  ANNOUNCEMENT: 'M2 6v4h2.5L12 13.5v-11L4.5 6ZM14.5 6.5v3',
  CONTEST_STATUS: 'M3.5 15V2M3.5 2.5h9l-2.5 3 2.5 3h-9',
  CONTEST_END: 'M3.5 15V2M3.5 2.5h9v6h-9M8 2.5v6M3.5 5.5h9',
};
const FALL = 'M8 2v12m0 0 4.5-4.5M8 14 3.5 9.5';
const OTHER = 'M8 3v6M8 12v.5';

/** What kind of event it is, as a line drawing; the words beside it say the same. */
export function EventIcon({ of }: { readonly of: Notification }) {
  const fell = of.type === 'RANK_CHANGE' && of.data.oldRank !== null && of.data.newRank > of.data.oldRank;
  return (
    <svg
      className="ccl-icon"
      data-type={of.type}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
    >
      <path d={fell ? FALL : (PATHS[of.type] ?? OTHER)} />
    </svg>
  );
}
