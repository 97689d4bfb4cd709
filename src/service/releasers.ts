/** What was opened, to be closed in reverse order. */
export class Releasers {
  readonly #steps: { name: string; release: () => Promise<void> | void }[] = [];
  #releasing: Promise<void> | undefined;
  readonly #onError: (error: unknown, name: string) => void;

  constructor(onError: (error: unknown, name: string) => void) {
    this.#onError = onError;
  }

  /** Remembers how to close what was just opened. */
  add(name: string, release: () => Promise<void> | void): void {
    this.#steps.push({ name, release });
  }

  /** Closes everything, last opened first. One that fails does not keep the rest from being closed. */
  releaseAll(): Promise<void> {
    this.#releasing ??= this.#run();
    return this.#releasing;
  }

  async #run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.release();
      } catch (error) {
        this.#onError(error, step.name);
      }
    }
  }
}
