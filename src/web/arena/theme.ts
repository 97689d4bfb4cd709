import { storageOf } from './storage.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'codecraft-live:theme';

export function rememberedTheme(): Theme {
  const kept = storageOf('local')?.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? 'system';
}

/** The style sheets follow the page's `color-scheme`; so do scroll bars and form controls. */
export function applyTheme(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme;
  if (theme === 'system') storageOf('local')?.removeItem(KEY);
  else storageOf('local')?.setItem(KEY, theme);
}
