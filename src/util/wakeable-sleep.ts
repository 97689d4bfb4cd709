import { callTogether } from './shared-timer.ts';

/** Sleep of a loop that others can end early. A `wake` without a sleeper ends the next sleep at once. */
export class WakeableSleep {
  #wakeUp: (() => void) | undefined;
  #woken = false;

  /** Ends the current sleep, or the next one. */
  wake(): void {
    this.#woken = true;
    this.#wakeUp?.();
  }

  /** Resolves after `ms`, at the next `wake`, or when `signal` aborts, whichever is first. One caller at a time. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#until((wakeUp) => {
      const timer = setTimeout(wakeUp, ms);
      return () => clearTimeout(timer);
    }, signal);
  }

  /** `sleep` of a loop that polls: it ends together with others that end at nearly the same time. */
  rest(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#until((wakeUp) => callTogether(wakeUp, ms), signal);
  }

  /** @param schedule calls its argument later, unless what it returns is called before */
  async #until(schedule: (wakeUp: () => void) => () => void, signal?: AbortSignal): Promise<void> {
    if (!this.#woken && !signal?.aborted)
      await new Promise<void>((resolve) => {
        const wakeUp = () => {
          cancel();
          signal?.removeEventListener('abort', wakeUp);
          resolve();
        };
        const cancel = schedule(wakeUp);
        signal?.addEventListener('abort', wakeUp);
        this.#wakeUp = wakeUp;
      });
    this.#wakeUp = undefined;
    this.#woken = false;
  }
}
