import { Problem } from '../protocol/problem.ts';
import { keysOf, type PendingAppend } from './attempt.ts';
import { unavailable } from './batch-committer.ts';
import { DeadlineExceeded } from './bounded-connection.ts';

/**
 * Max size of a batch of several calls. The head is not locked for long, and its packet stays below 128 KiB: V8 and the
 * allocator map larger blocks page by page, which costs more than a statement's text.
 */
const BATCH_ROWS = 500;
const BATCH_BYTES = 256 * 1024;
/**
 * Of more calls a batch takes half. Callers that publish again once they are answered would otherwise all be in the same
 * batch, and process and server would wait for each other in turn.
 */
const UNDIVIDED_CALLS = 128;
/** Max bytes per call: its packet stays below a max_allowed_packet of 16 MiB even if every byte is escaped. */
const CALL_BYTES = 6 * 1024 * 1024;

/** Submissions that wait for a batch, bounded by the bytes of their statements. */
export class AppendQueue<T extends PendingAppend> {
  readonly #maxBytes: number;
  #waiting: T[] = [];
  /** What waits or is under way. */
  readonly #admitted = new Set<T>();
  #bytes = 0;

  /** @param maxBytes max bytes of what waits or is under way */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Why a call of this size is refused; `undefined` where it is admitted. */
  refusal(bytes: number): Problem | undefined {
    if (bytes > CALL_BYTES) return new Problem('body-too-large');
    if (this.#bytes + bytes > this.#maxBytes && this.#bytes > 0)
      return new Problem('overloaded', { retryAfter: 1 });
    return undefined;
  }

  /** What was not given back yet, in order of arrival. */
  get admitted(): Iterable<T> {
    return this.#admitted;
  }

  push(submission: T): void {
    this.#waiting.push(submission);
    this.#admitted.add(submission);
    this.#bytes += submission.bytes;
  }

  /** Gives back the bytes of a submission, before its caller is answered. */
  release(submission: T): void {
    if (this.#admitted.delete(submission)) this.#bytes -= submission.bytes;
  }

  /**
   * Takes the next batch, in order of arrival; its bytes count until `release`. What expired is dropped, and
   * rejected where it was not yet.
   * @param now as the deadlines of submissions
   */
  takeBatch(now: number): T[] {
    const batch: T[] = [];
    const maxCalls = Math.max(UNDIVIDED_CALLS, Math.ceil(this.#admitted.size / 2));
    const later: T[] = [];
    const keys = new Set<string>();
    const isUsed = (key: string) => keys.has(key);
    let rows = 0;
    let bytes = 0;
    let next = 0;
    for (; next < this.#waiting.length && batch.length < maxCalls; next++) {
      const submission = this.#waiting[next] as T;
      if (submission.expired || now >= submission.deadline) {
        // The deadline can pass before the timer fires.
        if (!submission.expired) submission.reject(unavailable(new DeadlineExceeded()));
        this.release(submission);
        continue;
      }
      if (batch.length > 0 && (rows + submission.rows > BATCH_ROWS || bytes + submission.bytes > BATCH_BYTES))
        break;
      // A key that is already in this batch is answered by the next one, as any other repeat.
      const own = keysOf(submission);
      if (own.some(isUsed)) {
        later.push(submission);
        continue;
      }
      for (const key of own) keys.add(key);
      batch.push(submission);
      rows += submission.rows;
      bytes += submission.bytes;
    }
    this.#waiting = later.concat(this.#waiting.slice(next));
    return batch;
  }
}
