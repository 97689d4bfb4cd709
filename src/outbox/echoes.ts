import type { Acknowledged } from './examine.ts';

export type ReceiptAction = Acknowledged['action'];

/** Tells a player's streams of receipts that were written by something else than the inbox. */
export type TellReceipts = (playerId: number, action: ReceiptAction, ids: readonly number[]) => Promise<void>;

interface Run {
  readonly action: ReceiptAction;
  readonly ids: Set<number>;
}

/** So many players are told at once. */
const AT_ONCE = 4;
/** One echo names so many ids at the most. */
const MAX_IDS = 1_000;
/** With so many players waiting, the relay waits as well. */
const MANY = 1_000;

/**
 * Receipts that were written from SQL, on their way to the streams of their players. They are told beside the relay's own
 * work, since each player costs a few queries; a player's own in their order, and what follows each other as one.
 */
export class Echoes {
  readonly #tell: TellReceipts;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Map<number, Run[]>();
  readonly #busy = new Set<number>();
  readonly #workers = new Set<Promise<void>>();

  constructor(tell: TellReceipts, onError: (error: unknown) => void) {
    this.#tell = tell;
    this.#onError = onError;
  }

  add({ playerId, action, notificationId }: Acknowledged): void {
    const runs = this.#waiting.get(playerId) ?? [];
    const last = runs.at(-1);
    if (last?.action === action && last.ids.size < MAX_IDS) last.ids.add(notificationId);
    else runs.push({ action, ids: new Set([notificationId]) });
    this.#waiting.set(playerId, runs);
    if (this.#workers.size < AT_ONCE && !this.#busy.has(playerId)) this.#start();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#waiting.size >= MANY) await Promise.race(this.#workers);
  }

  /** Resolves when everybody was told. */
  async drained(): Promise<void> {
    while (this.#workers.size > 0) await Promise.all(this.#workers);
  }

  #start(): void {
    const worker = this.#work().finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  async #work(): Promise<void> {
    // What comes in the same tick is told together.
    await new Promise(setImmediate);
    for (let playerId = this.#next(); playerId !== undefined; playerId = this.#next()) {
      this.#busy.add(playerId);
      const runs = this.#waiting.get(playerId) ?? [];
      for (let run = runs.shift(); run; run = runs.shift()) await this.#say(playerId, run);
      this.#waiting.delete(playerId);
      this.#busy.delete(playerId);
    }
  }

  #next(): number | undefined {
    for (const playerId of this.#waiting.keys()) if (!this.#busy.has(playerId)) return playerId;
    return undefined;
  }

  /** The receipts themselves are durable: who misses an echo sees them with the next. */
  async #say(playerId: number, { action, ids }: Run): Promise<void> {
    try {
      await this.#tell(playerId, action, [...ids]);
    } catch (error) {
      this.#onError(error);
    }
  }
}
