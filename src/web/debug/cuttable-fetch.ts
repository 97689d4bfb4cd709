/** `fetch` whose streams can be cut, as by a network failure. */
export interface CuttableFetch {
  readonly fetch: typeof globalThis.fetch;
  /** While true, requests for streams fail. */
  down: boolean;
  /** Aborts the open streams. Returns whether there were any. */
  cut(): boolean;
}

/** Cause of a failure that the debugger made, not the network. */
export class CutError extends Error {}

/** Wraps `fetch`. Requests other than for streams are not affected. */
export function createCuttableFetch(fetch: typeof globalThis.fetch): CuttableFetch {
  const open = new Set<AbortController>();
  const line: CuttableFetch = {
    down: false,
    cut() {
      const streams = [...open];
      open.clear();
      for (const stream of streams) stream.abort(new CutError('the connection was cut'));
      return streams.length > 0;
    },
    async fetch(input, init = {}) {
      if (new Headers(init.headers).get('accept') !== 'text/event-stream') return fetch(input, init);
      if (line.down) throw new CutError('the connection is held down');
      const cut = new AbortController();
      open.add(cut);
      init.signal?.addEventListener('abort', () => open.delete(cut), { once: true });
      const signal = init.signal ? AbortSignal.any([init.signal, cut.signal]) : cut.signal;
      return fetch(input, { ...init, signal });
    },
  };
  return line;
}
