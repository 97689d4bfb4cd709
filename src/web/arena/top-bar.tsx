import { useState } from 'react';
import { ConnectionBadge, NotificationBell } from '../../react/index.ts';
import { Mark } from './mark.tsx';
import { applyTheme, rememberedTheme, THEMES } from './theme.ts';

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
      <p className="bar-name">{name}</p>
      <button type="button" className="plain" onClick={onLeave}>
        Leave
      </button>
    </div>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(rememberedTheme);
  function next(): void {
    const following = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
    applyTheme(following);
    setTheme(following);
  }
  return (
    <button
      type="button"
      className="plain theme"
      onClick={next}
      aria-label={`Colours: ${theme}`}
      title={`Colours: ${theme}`}
    >
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" data-theme={theme}>
        <circle cx="10" cy="10" r="6.5" />
        <path d="M10 3.5a6.5 6.5 0 0 1 0 13Z" />
      </svg>
    </button>
  );
}
