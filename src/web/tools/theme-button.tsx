import { useState } from 'react';
import { applyTheme, rememberedTheme, THEMES } from '../arena/theme.ts';

/** Goes round the system's colours, light and dark. */
export function ThemeButton() {
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
