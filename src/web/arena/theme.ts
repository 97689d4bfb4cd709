import { readStored, writeStored } from './storage.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'codecraft-live:theme';

export function rememberedTheme(): Theme {
  const kept = readStored('local', KEY);
  return THEMES.find((theme) => theme === kept) ?? 'system';
}

/** The style sheets follow `data-ccl-scheme`, and the system without it; so do scroll bars and form controls. */
export function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset.cclScheme;
  else dataset.cclScheme = theme;
  writeStored('local', KEY, theme === 'system' ? undefined : theme);
}
