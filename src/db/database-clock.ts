import type { Queries } from './database.ts';

/** Max difference between the time that passed on the database's clock and here, in ms, that counts as steady. */
const JUMP_MS = 60_000;
/** How long a clock that jumped must be steady before it is trusted again, in ms. */
const DISTRUST_MS = 24 * 3_600_000;

export interface DatabaseClockOptions {
  /** Monotonic time of this process, in ms. */
  readonly monotonic?: () => number;
  /** Receives a sentence when the clock jumps, and when it is trusted again. */
  readonly warn?: (line: string) => void;
}

/**
 * The database's time on this node: what processes compare with each other is this time, never a node's own. It is read
 * now and then, and counted on in between by a monotonic clock.
 */
export class DatabaseClock {
  readonly #database: Pick<Queries, 'query'>;
  readonly #monotonic: () => number;
  readonly #warn: (line: string) => void;
  /** Database's time minus monotonic time, in ms. */
  #offset: number;
  /** Offset of the time that is trusted; it follows a clock that is slewed. */
  #trusted: number | undefined;
  #jumpedAt: number | undefined;

  constructor(database: Pick<Queries, 'query'>, options: DatabaseClockOptions = {}) {
    this.#database = database;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#warn = options.warn ?? (() => {});
    this.#offset = Date.now() - this.#monotonic();
  }

  /** The database's time, in ms since 1970; this node's own before the first sample. */
  now = (): number => Math.round(this.#monotonic() + this.#offset);

  /** How far the database's clock has jumped from the time that passed here, in ms; 0 while it is trusted. */
  get jumpMs(): number {
    return this.#jumpedAt === undefined ? 0 : Math.round(this.#offset - (this.#trusted ?? this.#offset));
  }

  /** Reads the clock, and returns whether the time that passed on it passed here, too: only then is anything deleted by age. */
  async isTrusted(): Promise<boolean> {
    await this.sample();
    return this.jumpMs === 0;
  }

  /** Reads the database's clock once. */
  async sample(): Promise<void> {
    const before = this.#monotonic();
    const [row] = await this.#database.query<{ now: Date }>('SELECT UTC_TIMESTAMP(3) AS now');
    const after = this.#monotonic();
    if (row === undefined) return;
    this.#offset = row.now.getTime() - (before + after) / 2;
    this.#trusted ??= this.#offset;
    const jump = this.#offset - this.#trusted;
    // An answer that was long under way is less exact.
    if (Math.abs(jump) <= JUMP_MS + (after - before) / 2) return this.#trust(this.#jumpedAt !== undefined);
    if (this.#jumpedAt === undefined) {
      this.#jumpedAt = after;
      this.#warn(
        `The database's clock has jumped by ${Math.round(jump / 1000)} s. Nothing is deleted by age until it is set right, or has been steady for a day.`,
      );
    } else if (after - this.#jumpedAt > DISTRUST_MS) this.#trust(true);
  }

  #trust(again: boolean): void {
    this.#trusted = this.#offset;
    this.#jumpedAt = undefined;
    if (again) this.#warn("The database's clock is trusted again: what is past its retention is deleted.");
  }
}
