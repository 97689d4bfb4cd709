import type {
  Clock,
  Locks,
  PageChange,
  PageLifecycle,
  ShareOptions,
  TabChannel,
} from '../../../src/client/types.ts';

interface Waiting {
  readonly callback: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A browser's locks (Web Locks § 4) as far as they are exclusive: a queue per name, given up by signal, stolen. */
export function createLocks(): Locks & { holders(): number } {
  const held = new Map<string, Waiting>();
  const queues = new Map<string, Waiting[]>();

  function grant(name: string): void {
    const next = held.has(name) ? undefined : queues.get(name)?.shift();
    if (!next) return;
    held.set(name, next);
    const done = (settle: () => void) => () => {
      if (held.get(name) === next) held.delete(name);
      settle();
      grant(name);
    };
    queueMicrotask(() =>
      next.callback().then(
        done(next.resolve),
        done(() => next.reject(aborted())),
      ),
    );
  }

  return {
    holders: () => held.size,
    request: (name, { signal, steal }, callback) =>
      new Promise((resolve, reject) => {
        const waiting = { callback, resolve, reject };
        const queue = queues.get(name) ?? [];
        queues.set(name, queue);
        if (steal) {
          const robbed = held.get(name);
          held.delete(name);
          robbed?.reject(aborted());
          queue.unshift(waiting);
        } else queue.push(waiting);
        signal?.addEventListener('abort', () => {
          const place = queue.indexOf(waiting);
          if (place === -1) return;
          queue.splice(place, 1);
          reject(aborted());
        });
        grant(name);
      }),
  };
}

function aborted(): Error {
  return new DOMException('the lock was not had, or was taken', 'AbortError');
}

export interface TestTab {
  readonly share: ShareOptions;
  readonly clock: Clock;
  /** Its script stands still: whatever should happen in it waits for `thaw`. */
  freeze(): void;
  thaw(): void;
  /** It is hidden: its timers do not fire any more. */
  hide(): void;
  /** Loses what was posted to it while it is frozen, as a tab whose queue overflows; its timers and locks stay. */
  forget(): void;
}

/** A tab of a browser: its own clock and channel, and the browser's locks. */
export function createTab(locks: Locks, options: Pick<ShareOptions, 'pingMs'> = {}): TestTab {
  let frozen = false;
  let hidden = false;
  let held: { readonly run: () => void; readonly posted: boolean }[] = [];
  const inScript =
    <A extends unknown[]>(run: (...args: A) => void, posted = false) =>
    (...args: A) => {
      if (frozen) held.push({ run: () => run(...args), posted });
      else run(...args);
    };

  function openChannel(name: string): TabChannel {
    const inner = new BroadcastChannel(name);
    const channel: TabChannel = {
      onmessage: null,
      postMessage: inScript((message) => inner.postMessage(message)),
      close: () => inner.close(),
    };
    inner.onmessage = inScript((event) => channel.onmessage?.(event as MessageEvent), true);
    return channel;
  }

  return {
    share: {
      pingMs: 50,
      ...options,
      openChannel,
      locks: {
        request: (name, how, callback) => {
          // A frozen page learns of its lock as of anything else: later.
          const asked = locks.request(
            name,
            how,
            () => new Promise((resolve) => inScript(() => void callback().then(resolve))()),
          );
          return new Promise((resolve, reject) => {
            asked.then(inScript(resolve), inScript(reject));
          });
        },
      },
    },
    clock: {
      now: () => Date.now(),
      setTimeout: (callback, ms) =>
        setTimeout(() => {
          if (!hidden) inScript(callback)();
        }, ms),
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
    },
    hide() {
      hidden = true;
    },
    freeze() {
      frozen = true;
    },
    forget() {
      held = held.filter(({ posted }) => !posted);
    },
    thaw() {
      frozen = false;
      const due = held;
      held = [];
      for (const { run } of due) run();
    },
  };
}

/** A page's pageLifecycle, changed by the test. */
export function createPageLifecycle(): PageLifecycle & { change(what: PageChange): void } {
  const watchers = new Set<(what: PageChange) => void>();
  return {
    online: true,
    watch(callback) {
      watchers.add(callback);
      return () => void watchers.delete(callback);
    },
    change(what) {
      for (const watcher of watchers) watcher(what);
    },
  };
}
