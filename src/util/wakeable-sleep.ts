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
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.#woken && !signal?.aborted)
      await new Promise<void>((resolve) => {
        const wakeUp = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', wakeUp);
          resolve();
        };
        const timer = setTimeout(wakeUp, ms);
        signal?.addEventListener('abort', wakeUp);
        this.#wakeUp = wakeUp;
      });
    this.#wakeUp = undefined;
    this.#woken = false;
  }
}
