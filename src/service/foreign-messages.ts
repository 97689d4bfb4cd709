import type { Logger } from 'pino';
import type { Hints } from '../backplane/hints.ts';

/** Time after the last foreign message for which `/ready` names it, ms. */
const RECENT_MS = 60_000;

/**
 * Watches for messages on the nodes' channel that no node of this cluster wrote. They deliver nothing; one line is logged
 * when they begin.
 */
export class ForeignMessages {
  readonly #channel: string;
  readonly #hints: Pick<Hints, 'stats'>;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  #count = 0;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds of a monotonic clock */
  constructor(
    channel: string,
    hints: Pick<Hints, 'stats'>,
    logger: Pick<Logger, 'warn'>,
    now = () => performance.now(),
  ) {
    this.#channel = channel;
    this.#hints = hints;
    this.#logger = logger;
    this.#now = now;
  }

  /** A message was received. */
  observe(): void {
    const { rejected, unsigned } = this.#hints.stats;
    if (rejected + unsigned === this.#count) return;
    this.#count = rejected + unsigned;
    if (!this.#areRecent) this.#logger.warn(this.#line);
    this.#lastAt = this.#now();
  }

  get warnings(): string[] {
    return this.#areRecent ? [this.#line] : [];
  }

  get #areRecent(): boolean {
    return this.#now() - this.#lastAt < RECENT_MS;
  }

  get #line(): string {
    return (
      `Redis delivers messages on ${this.#channel} that no node of this cluster signed: nodes read what these hint at. ` +
      'Give all nodes the same LIVE_SECRET or JWT_SECRET, and other databases of this name another Redis.'
    );
  }
}
