/** The service's time, from what it last said and the client's own clock. */
export class ServerClock {
  readonly #now: () => number;
  #offset: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The service said what time it is. The way here only makes that older, so of one connection's samples the one that
   * puts the service's clock furthest ahead is nearest to the truth.
   * @param fresh whether this is a new connection: what was known may be of a clock that was set since
   */
  sample(serverTime: string, fresh: boolean): void {
    const offset = Date.parse(serverTime) - this.#now();
    if (Number.isNaN(offset)) return;
    this.#offset = fresh || this.#offset === undefined ? offset : Math.max(this.#offset, offset);
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now() + (this.#offset ?? 0);
  }
}
