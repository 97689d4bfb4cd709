import { ConnectionBadge, NotificationBell } from '../../react/index.ts';
import { UserText } from '../../react/text/user-text.tsx';
import { ThemeButton } from '../tools/theme-button.tsx';
import { Mark } from './mark.tsx';

export interface TopBarProps {
  readonly name: string;
  readonly plays: boolean;
  readonly onLeave: () => void;
}

export function TopBar({ name, plays, onLeave }: TopBarProps) {
  return (
    <div className="bar">
      <p className="brand">
        <Mark />
        <b>
          CodeCraft <span>Live</span>
        </b>
      </p>
      <ConnectionBadge className="bar-connection" />
      <ThemeButton />
      {plays && <NotificationBell />}
      <p className="bar-name">{name !== '' && <UserText text={name} />}</p>
      <button type="button" className="plain" onClick={onLeave}>
        Leave
      </button>
    </div>
  );
}
