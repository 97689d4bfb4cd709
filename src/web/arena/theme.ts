import { storageOf } from './storage.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'codecraft-live:theme';

export function rememberedTheme(): Theme {
  const kept = storageOf('local')?.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? 'system';
}

/** The style sheets follow `data-ccl-scheme`, and the system without it; so do scroll bars and form controls. */
export function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset.cclScheme;
  else dataset.cclScheme = theme;
  if (theme === 'system') storageOf('local')?.removeItem(KEY);
  else storageOf('local')?.setItem(KEY, theme);
}
