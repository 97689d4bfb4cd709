/** Distance of the instants at which shared timers fire, ms. */
const GRID_MS = 50;

/** Callbacks of one instant, and the timer that calls all of them. */
interface SharedTimer {
  readonly timer: NodeJS.Timeout;
  readonly callbacks: Set<() => void>;
}

const timers = new Map<number, SharedTimer>();

/**
 * Calls `callback` after about `ms`, rounded so that all callbacks of this process that are due at nearly the same time are
 * called in one turn of the event loop: a process at rest spends more on waking up than on a query. Delays below one step of the
 * grid (50 ms) are not rounded.
 *
 * @param ms delay, in ms
 * @returns cancels the call
 */
export function callTogether(callback: () => void, ms: number): () => void {
  if (ms < GRID_MS) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  }
  const now = performance.now();
  const instant = Math.round((now + ms) / GRID_MS);
  let shared = timers.get(instant);
  if (shared === undefined) {
    shared = start(instant, instant * GRID_MS - now);
    timers.set(instant, shared);
  }
  const { callbacks, timer } = shared;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || timers.get(instant)?.timer !== timer) return;
    timers.delete(instant);
    clearTimeout(timer);
  };
}

function start(instant: number, delayMs: number): SharedTimer {
  const callbacks = new Set<() => void>();
  const timer = setTimeout(() => {
    timers.delete(instant);
    for (const callback of callbacks) callback();
  }, delayMs);
  return { timer, callbacks };
}
