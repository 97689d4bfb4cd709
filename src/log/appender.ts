import { Problem } from '../protocol/problem.ts';
import { AppendQueue } from './append-queue.ts';
import { rowCount, type Unit } from './append-statement.ts';
import type { Appended, PendingAppend } from './attempt.ts';
import { BatchCommitter, type BatchCommitterOptions, unavailable } from './batch-committer.ts';
import { DeadlineExceeded } from './bounded-connection.ts';

export type { Appended } from './attempt.ts';

export interface AppenderOptions extends BatchCommitterOptions {
  /** Max wait of a caller for its COMMIT, in ms. */
  readonly patienceMs?: number;
  /** Max bytes of statements that wait or are under way; beyond it calls are refused as `overloaded`. */
  readonly maxWaitingBytes?: number;
}

/**
 * Group-commit appender. One batch is under way at a time; what arrives meanwhile forms the next, which is sent before the
 * callers of the previous one are answered. Each caller has its own deadline; a batch is retried until the last of them.
 */
export class Appender {
  readonly #committer: BatchCommitter;
  readonly #queue: AppendQueue;
  readonly #patienceMs: number;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(options: AppenderOptions) {
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
    if (this.#closed) return Promise.reject(new Problem('shutting-down', { retryAfter: 1 }));
    const bytes = units.reduce(
      (sum, unit) => sum + unit.drafts.reduce((s, draft) => s + draft.bytes, 100),
      0,
    );
    const refusal = this.#queue.refusal(bytes);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const submission: PendingAppend = {
        units,
        bytes,
        rows: units.reduce((sum, unit) => sum + rowCount(unit), 0),
        deadline: performance.now() + this.#patienceMs,
        expired: false,
        answers: units.map(() => undefined),
        resolve: (answers) => {
          clearTimeout(timer);
          this.#queue.release(submission);
          resolve(answers);
        },
        reject: (error) => {
          clearTimeout(timer);
          this.#queue.release(submission);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        submission.expired = true;
        reject(unavailable(new DeadlineExceeded()));
      }, this.#patienceMs);
      this.#queue.push(submission);
      this.#working ??= this.#work();
    });
  }

  /** Refuses new calls, finishes those that wait, and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    await this.#committer.close();
  }

  async #work(): Promise<void> {
    // One turn of the event loop, so that concurrent callers share the first batch.
    await new Promise(setImmediate);
    let answer = () => {};
    while (!this.#queue.isEmpty) {
      const batch = this.#queue.takeBatch(performance.now());
      if (batch.length === 0) continue;
      const answerPrevious = once(answer);
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

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    run();
  };
}
