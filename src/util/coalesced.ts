/** Min interval between the starts of two runs, ms. */
const INTERVAL_MS = 100;

/** Work on request: one run at a time, at once after a rest; requests that arrive meanwhile share the next run. */
export class Coalesced {
  readonly #run: () => Promise<unknown>;
  readonly #onError: (error: unknown) => void;
  #requested = false;
  #busy = false;

  constructor(run: () => Promise<unknown>, onError: (error: unknown) => void) {
    this.#run = run;
    this.#onError = onError;
  }

  request(): void {
    this.#requested = true;
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#requested) {
      this.#requested = false;
      const rest = new Promise((resolve) => setTimeout(resolve, INTERVAL_MS).unref());
      await this.#run().catch(this.#onError);
      await rest;
    }
    this.#busy = false;
  }
}
