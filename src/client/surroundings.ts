import type { Surroundings, SurroundingsChange } from './types.ts';

/** The window's word about network, visibility and the page's life; outside a browser nothing ever changes. */
export function ambientSurroundings(): Surroundings {
  const { window, document } = globalThis as Partial<typeof globalThis>;
  if (!window || !document) return { online: true, watch: () => () => {} };
  return {
    get online() {
      return window.navigator.onLine;
    },
    watch(callback) {
      const stop = new AbortController();
      const on = (target: EventTarget, event: string, change: () => SurroundingsChange) =>
        target.addEventListener(event, () => callback(change()), { signal: stop.signal });
      on(window, 'online', () => 'online');
      on(window, 'offline', () => 'offline');
      on(document, 'visibilitychange', () => (document.visibilityState === 'visible' ? 'visible' : 'hidden'));
      on(window, 'pagehide', () => 'leaving');
      on(window, 'pageshow', () => 'returning');
      on(document, 'freeze', () => 'leaving');
      on(document, 'resume', () => 'returning');
      return () => stop.abort();
    },
  };
}
