import { Problem } from '../protocol/problem.ts';
import { keysOf, type PendingAppend } from './attempt.ts';

/** Max size of a batch, so that the head is never locked for long. */
const BATCH_ROWS = 2_000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Max bytes per call: its packet stays below a max_allowed_packet of 16 MiB even if every byte is escaped. */
const CALL_BYTES = 6 * 1024 * 1024;

/** Submissions that wait for a batch, bounded by the bytes of their statements. */
export class AppendQueue {
  readonly #maxBytes: number;
  #waiting: PendingAppend[] = [];
  /** What waits or is under way. */
  readonly #admitted = new Set<PendingAppend>();
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

  push(submission: PendingAppend): void {
    this.#waiting.push(submission);
    this.#admitted.add(submission);
    this.#bytes += submission.bytes;
  }

  /** Gives back the bytes of a submission, before its caller is answered. */
  release(submission: PendingAppend): void {
    if (this.#admitted.delete(submission)) this.#bytes -= submission.bytes;
  }

  /**
   * Takes the next batch, in order of arrival; its bytes count until `release`. What expired is dropped.
   * @param now as the deadlines of submissions
   */
  takeBatch(now: number): PendingAppend[] {
    const batch: PendingAppend[] = [];
    const later: PendingAppend[] = [];
    const keys = new Set<string>();
    let rows = 0;
    let bytes = 0;
    let next = 0;
    for (; next < this.#waiting.length; next++) {
      const submission = this.#waiting[next] as PendingAppend;
      // The deadline can pass before its timer fires.
      if (submission.expired || now >= submission.deadline) {
        this.release(submission);
        continue;
      }
      if (batch.length > 0 && (rows + submission.rows > BATCH_ROWS || bytes + submission.bytes > BATCH_BYTES))
        break;
      // A key that is already in this batch is answered by the next one, as any other repeat.
      const own = keysOf(submission);
      if (own.some((key) => keys.has(key))) {
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
