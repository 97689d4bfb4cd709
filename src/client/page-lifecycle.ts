import type { PageChange, PageLifecycle } from './types.ts';

/** Network, visibility and lifecycle of the browser's page; constant outside a browser. */
export function browserPageLifecycle(): PageLifecycle {
  const { window, document } = globalThis as Partial<typeof globalThis>;
  if (!window || !document) return { online: true, watch: () => () => {} };
  return {
    get online() {
      return window.navigator.onLine;
    },
    watch(callback) {
      const stop = new AbortController();
      const on = (target: EventTarget, event: string, change: () => PageChange) =>
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
