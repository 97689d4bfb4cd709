/** The way to the service, which can be cut: streams on it break as they do when a network goes away. */
export interface Line {
  readonly fetch: typeof globalThis.fetch;
  /** While it is down, streams break at once and none comes about. */
  down: boolean;
  /** Breaks the streams that are open. Says whether there were any. */
  cut(): boolean;
}

/** Somebody cut it here: nothing is wrong with the network. */
export class CutError extends Error {}

/** Only streams are cut; plain requests go on. */
export function createLine(fetch: typeof globalThis.fetch): Line {
  const open = new Set<AbortController>();
  const line: Line = {
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
      const knife = new AbortController();
      open.add(knife);
      init.signal?.addEventListener('abort', () => open.delete(knife), { once: true });
      const signal = init.signal ? AbortSignal.any([init.signal, knife.signal]) : knife.signal;
      return fetch(input, { ...init, signal });
    },
  };
  return line;
}
