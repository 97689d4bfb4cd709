import { useState } from 'react';
import { readStored, writeStored } from './storage.ts';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const KEY = 'codecraft-live:theme';

function storedTheme(): Theme {
  const stored = readStored('local', KEY);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

/** Applies the stored theme to the document. */
export function applyStoredTheme(): void {
  applyTheme(storedTheme());
}

/** The style sheets follow `data-ccl-scheme`, and the system without it; so do scroll bars and form controls. */
function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset.cclScheme;
  else dataset.cclScheme = theme;
  writeStored('local', KEY, theme === 'system' ? undefined : theme);
}

/** Button that cycles through the system's colours, light and dark. */
export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
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
