import { ConnectionBadge, NotificationBell } from '../../react/index.ts';
import { UserText } from '../../react/text/user-text.tsx';
import { Brand } from '../shared/brand.tsx';
import { ThemeButton } from '../shared/theme.tsx';

export interface TopBarProps {
  readonly name: string;
  readonly plays: boolean;
  readonly onLeave: () => void;
}

export function TopBar({ name, plays, onLeave }: TopBarProps) {
  return (
    <div className="bar">
      <Brand />
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
