import type { Notification } from '../../protocol/event.ts';
import { appearanceOf, FALL_ICON } from '../event-appearance.ts';

/** Icon of an event's type. Decorative: the adjacent text names the type. */
export function EventIcon({ of }: { readonly of: Notification }) {
  const look = appearanceOf(of.type);
  const fell = of.type === 'RANK_CHANGE' && of.data.oldRank !== null && of.data.newRank > of.data.oldRank;
  return (
    <svg
      className="ccl-icon"
      data-type={of.type}
      data-tone={look.tone}
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
    >
      <path d={fell ? FALL_ICON : look.icon} />
    </svg>
  );
}
