import type { ReceiptNotice } from './examine.ts';

type Action = ReceiptNotice['action'];

/** Publishes receipts that were not written by the inbox to their player's streams. */
export type EchoReceipts = (playerId: number, action: Action, ids: readonly number[]) => Promise<void>;

interface Run {
  readonly action: Action;
  readonly ids: Set<number>;
}

/** Max players whose echoes are published at the same time. */
const CONCURRENCY = 4;
/** Max ids per echo. */
const MAX_IDS = 1_000;
/** Max players in the queue; beyond it the relay waits. */
const MAX_PLAYERS = 1_000;

/**
 * Queue of echoes of receipts that were written from SQL. Runs beside the relay, since each player costs a few queries. The
 * receipts of one player are echoed in order; consecutive ones of the same action are conflated.
 */
export class ReceiptEchoes {
  readonly #echo: EchoReceipts;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Map<number, Run[]>();
  readonly #busy = new Set<number>();
  readonly #workers = new Set<Promise<void>>();

  constructor(echo: EchoReceipts, onError: (error: unknown) => void) {
    this.#echo = echo;
    this.#onError = onError;
  }

  add({ playerId, action, notificationId }: ReceiptNotice): void {
    const runs = this.#waiting.get(playerId) ?? [];
    const last = runs.at(-1);
    if (last?.action === action && last.ids.size < MAX_IDS) last.ids.add(notificationId);
    else runs.push({ action, ids: new Set([notificationId]) });
    this.#waiting.set(playerId, runs);
    if (this.#workers.size < CONCURRENCY && !this.#busy.has(playerId)) this.#start();
  }

  /** Resolves when the queue has room. */
  async room(): Promise<void> {
    while (this.#waiting.size >= MAX_PLAYERS) await Promise.race(this.#workers);
  }

  /** Resolves when the queue is empty. */
  async drained(): Promise<void> {
    while (this.#workers.size > 0) await Promise.all(this.#workers);
  }

  #start(): void {
    const worker = this.#work().finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  async #work(): Promise<void> {
    // Notices of the same tick share an echo.
    await new Promise(setImmediate);
    for (let playerId = this.#next(); playerId !== undefined; playerId = this.#next()) {
      this.#busy.add(playerId);
      const runs = this.#waiting.get(playerId) ?? [];
      for (let run = runs.shift(); run; run = runs.shift()) await this.#publish(playerId, run);
      this.#waiting.delete(playerId);
      this.#busy.delete(playerId);
    }
  }

  #next(): number | undefined {
    for (const playerId of this.#waiting.keys()) if (!this.#busy.has(playerId)) return playerId;
    return undefined;
  }

  /** Publishes one echo. The receipts are durable, and the next echo carries absolute counts: a failed one is not retried. */
  async #publish(playerId: number, { action, ids }: Run): Promise<void> {
    try {
      await this.#echo(playerId, action, [...ids]);
    } catch (error) {
      this.#onError(error);
    }
  }
}
