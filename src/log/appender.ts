import { Problem } from '../protocol/problem.ts';
import { AppendCall } from './append-call.ts';
import { AppendQueue } from './append-queue.ts';
import { rowCount, type Unit } from './append-statement.ts';
import type { Appended } from './attempt.ts';
import { BatchCommitter, type BatchCommitterOptions, unavailable } from './batch-committer.ts';
import { DeadlineExceeded } from './bounded-connection.ts';

export type { Appended } from './attempt.ts';

export interface AppenderOptions extends BatchCommitterOptions {
  /** Max wait of a caller for its COMMIT, in ms. */
  readonly patienceMs?: number;
  /** Max bytes of statements that wait or are under way; beyond it calls are refused as `overloaded`. */
  readonly maxWaitingBytes?: number;
  /** Observes the outcome of each append: its error, or undefined. */
  readonly onOutcome?: (error?: unknown) => void;
}

/**
 * Group-commit appender. One batch is under way at a time; what arrives meanwhile forms the next, which is sent before the
 * callers of the previous one are answered. Each caller has its own deadline; a batch is retried until the last of them.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #committer: BatchCommitter;
  readonly #queue: AppendQueue<AppendCall>;
  readonly #patienceMs: number;
  #working: Promise<void> | undefined;
  /** One for all callers: their deadlines are in order of arrival. */
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#committer = new BatchCommitter(options);
    this.#queue = new AppendQueue(options.maxWaitingBytes ?? 64 * 1024 * 1024);
    this.#patienceMs = options.patienceMs ?? 5_000;
  }

  /**
   * Appends all units in one transaction and resolves after COMMIT.
   * @throws Problem `idempotency-conflict` when a key was used with another body; nothing of the call is appended
   * @throws Problem `database-unavailable` when no COMMIT was confirmed in time: it may have happened, so repeat with
   *   the same key
   * @throws Problem `storage-unavailable` when the database cannot store it: no space, read-only, a missing right
   * @throws Problem `superseded` when a precondition failed; nothing of the call is appended
   * @throws Problem `body-too-large`, `overloaded`, `shutting-down`
   */
  append(units: readonly Unit[]): Promise<Appended[]> {
    if (this.#closed) return this.#refuse(new Problem('shutting-down', { retryAfter: 1 }));
    let bytes = 0;
    let rows = 0;
    for (const unit of units) {
      bytes += 100;
      for (const draft of unit.drafts) bytes += draft.bytes;
      rows += rowCount(unit);
    }
    const refusal = this.#queue.refusal(bytes);
    if (refusal) return this.#refuse(refusal);
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.#patienceMs;
      this.#queue.push(
        new AppendCall({ units, bytes, rows, deadline }, { resolve, reject, settled: this.#settled }),
      );
      this.#expiry ??= this.#expireAfter(this.#patienceMs);
      this.#working ??= this.#work();
    });
  }

  /** Refuses new calls, finishes those that wait, and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    clearTimeout(this.#expiry);
    await this.#committer.close();
  }

  readonly #settled = (call: AppendCall, error?: unknown): void => {
    this.#queue.release(call);
    if (!call.expired) this.#options.onOutcome?.(error);
  };

  #refuse(problem: Problem): Promise<never> {
    this.#options.onOutcome?.(problem);
    return Promise.reject(problem);
  }

  #expireAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#expiry = undefined;
      const now = performance.now();
      for (const call of this.#queue.admitted) {
        if (call.expired) continue;
        if (call.deadline > now) {
          this.#expiry = this.#expireAfter(call.deadline - now);
          return;
        }
        const error = unavailable(new DeadlineExceeded());
        this.#options.onOutcome?.(error);
        call.expire(error);
      }
    }, Math.ceil(ms)).unref();
  }

  async #work(): Promise<void> {
    // One turn of the event loop, so that concurrent callers share the first batch.
    await new Promise(setImmediate);
    let answer = NOTHING;
    while (!this.#queue.isEmpty) {
      const batch = this.#queue.takeBatch(performance.now());
      if (batch.length === 0) continue;
      const answerPrevious = once(answer);
      answer = NOTHING;
      // Where the next batch is not sent at once, the previous one does not wait for it.
      setImmediate(answerPrevious);
      const answerBatch = await this.#committer.commit(batch, answerPrevious);
      answerPrevious();
      answer = answerBatch;
    }
    // What is called back may append: a call from here on starts the work anew.
    this.#working = undefined;
    answer();
  }
}

const NOTHING = (): void => {};

/**
 * Runs `run` at the first call, and drops it then: what answers a batch refers to what answered the one before it, and would hold
 * every batch since the work began.
 */
function once(run: () => void): () => void {
  let waiting: (() => void) | undefined = run;
  return () => {
    const first = waiting;
    waiting = undefined;
    first?.();
  };
}
