/** Event emitter. A listener that throws does not affect the others. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();
  readonly #onThrow: (error: unknown, event: keyof Events) => void;

  constructor(onThrow: (error: unknown, event: keyof Events) => void) {
    this.#onThrow = onThrow;
  }

  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): () => void {
    // Wrapped, so that the same function can be registered twice and each registration ends by itself.
    const own = (value: Events[K]) => listener(value);
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(own));
    return () => void listeners.delete(own);
  }

  hasListeners(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])] as ((value: Events[K]) => void)[])
      try {
        listener(value);
      } catch (error) {
        this.#onThrow(error, event);
      }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
