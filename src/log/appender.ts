import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { asProblem, isDuplicate, isMissingValue } from '../db/errors.ts';
import { Problem } from '../protocol/problem.ts';
import { committedRows, rowCount, type Unit } from './append-statement.ts';
import {
  type Appended,
  type Attempt,
  findKeys,
  keysOf,
  newAttempt,
  type Submission,
  send,
} from './attempt.ts';
import { BoundedConnection, OutOfTime } from './bounded-connection.ts';
import { answerRepeats } from './repeats.ts';
import type { LogRow } from './row.ts';

export type { Appended } from './attempt.ts';

/** A batch is bounded so that the head is never locked for long. */
const BATCH_ROWS = 2_000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** The most that one call may hold: its packet stays below a max_allowed_packet of 16 MiB if every byte is escaped. */
const CALL_BYTES = 6 * 1024 * 1024;

export interface AppenderOptions {
  /** Opens a dedicated connection that takes several statements in one packet. */
  readonly connect: () => Promise<Connection>;
  /** Rows that this process committed, contiguous, in order; called before the caller is answered. */
  readonly onCommitted: (rows: LogRow[]) => void;
  readonly onError?: (error: unknown) => void;
  /** How long a caller waits at the most for its COMMIT, in ms. */
  readonly patienceMs?: number;
  /** How much may wait, in bytes of statement. */
  readonly maxWaitingBytes?: number;
}

/**
 * Appends to the log with group commit. One batch is under way at a time; whatever arrives meanwhile forms the next.
 * Each caller has its own patience; a batch is tried for as long as anybody in it waits.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #connection: BoundedConnection;
  readonly #patienceMs: number;
  readonly #maxWaitingBytes: number;
  #queue: Submission[] = [];
  #waitingBytes = 0;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#connection = new BoundedConnection(options.connect);
    this.#patienceMs = options.patienceMs ?? 5_000;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? 64 * 1024 * 1024;
  }

  /**
   * Appends all units in one transaction and resolves after COMMIT.
   * @throws Problem `idempotency-conflict` when a key was used with another body; nothing of the call is appended
   * @throws Problem `database-unavailable` when no COMMIT was confirmed in time: it may have happened, so repeat with
   *   the same key
   * @throws Problem `superseded` when a guard did not do its work; nothing of the call is appended
   * @throws Problem `body-too-large`, `overloaded`, `shutting-down`
   */
  append(units: readonly Unit[]): Promise<Appended[]> {
    if (this.#closed) return Promise.reject(new Problem('shutting-down', { retryAfter: 1 }));
    const bytes = units.reduce(
      (sum, unit) => sum + unit.drafts.reduce((s, draft) => s + draft.bytes, 100),
      0,
    );
    if (bytes > CALL_BYTES) return Promise.reject(new Problem('body-too-large'));
    if (this.#waitingBytes + bytes > this.#maxWaitingBytes && this.#waitingBytes > 0)
      return Promise.reject(new Problem('overloaded', { retryAfter: 1 }));
    return new Promise((resolve, reject) => {
      const submission: Submission = {
        units,
        bytes,
        rows: units.reduce((sum, unit) => sum + rowCount(unit), 0),
        deadline: performance.now() + this.#patienceMs,
        late: false,
        answers: units.map(() => undefined),
        resolve: (answers) => {
          clearTimeout(timer);
          resolve(answers);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        submission.late = true;
        reject(outOfReach(new OutOfTime()));
      }, this.#patienceMs);
      this.#queue.push(submission);
      this.#waitingBytes += bytes;
      this.#working ??= this.#work();
    });
  }

  /** Takes no more, finishes what waits, and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    await this.#connection.close();
  }

  async #work(): Promise<void> {
    // One turn of the event loop, so that callers of the same moment share the first batch.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      if (batch.length === 0) continue;
      try {
        await this.#commit(batch);
      } catch (error) {
        this.#options.onError?.(error);
        rejectAll(batch, error);
      }
      for (const submission of batch) this.#waitingBytes -= submission.bytes;
    }
    this.#working = undefined;
  }

  #takeBatch(): Submission[] {
    const batch: Submission[] = [];
    const later: Submission[] = [];
    const keys = new Set<string>();
    let rows = 0;
    let bytes = 0;
    let next = 0;
    for (; next < this.#queue.length; next++) {
      const submission = this.#queue[next] as Submission;
      // Its time can be over before its timer has come round to say so.
      if (submission.late || performance.now() >= submission.deadline) {
        this.#waitingBytes -= submission.bytes;
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
    this.#queue = later.concat(this.#queue.slice(next));
    return batch;
  }

  /** Tries until every member has its answer. */
  async #commit(members: readonly Submission[]): Promise<void> {
    const deadline = Math.max(...members.map((member) => member.deadline));
    let left: Attempt | undefined = newAttempt(members);
    for (let failures = 0; left; ) {
      const attempt: Attempt = left;
      try {
        left = await this.#try(attempt, deadline);
      } catch (error) {
        const late = error instanceof OutOfTime || performance.now() >= deadline;
        const passing = late || asProblem(error) instanceof Problem;
        if (!passing) return this.#isolate(attempt.members, error);
        if (late) {
          this.#options.onError?.(error);
          return rejectAll(attempt.members, outOfReach(error));
        }
        await sleep(Math.min(500, 2 ** failures++ * (2 + Math.random() * 8)));
      }
    }
  }

  /** Commits, and answers everybody; or finds keys that were used before, and returns what is left to be tried. */
  async #try(attempt: Attempt, deadline: number): Promise<Attempt | undefined> {
    let firstId: number;
    try {
      firstId = await this.#connection.use(deadline, (connection) => send(connection, attempt));
    } catch (error) {
      await this.#connection.rollback(deadline);
      // Sent again after it had committed, it fails on what it changed itself.
      if (!isDuplicate(error) && !isMissingValue(error)) throw error;
      const known = await this.#connection.use(deadline, (connection) => findKeys(connection, attempt));
      const own = known.get(attempt.key);
      if (!own) {
        const { answered, left } = answerRepeats(attempt.members, known);
        if (!answered) throw error;
        return left.length === 0 ? undefined : newAttempt(left);
      }
      firstId = own.firstId;
    }
    this.#settle(attempt, firstId);
    return undefined;
  }

  /** One that cannot be stored must not take the others with it: halves it until it is alone. */
  async #isolate(members: readonly Submission[], error: unknown): Promise<void> {
    if (members.length > 1) {
      const middle = members.length >> 1;
      await this.#commit(members.slice(0, middle));
      await this.#commit(members.slice(middle));
      return;
    }
    if (isSuperseded(members, error)) return rejectAll(members, new Problem('superseded', { cause: error }));
    this.#options.onError?.(error);
    rejectAll(members, error);
  }

  #settle({ members, at }: Attempt, firstId: number): void {
    const rows: LogRow[] = [];
    let next = firstId;
    for (const member of members)
      for (const [index, unit] of member.units.entries()) {
        if (member.answers[index]) continue;
        for (const row of committedRows(unit, next, at)) rows.push(row);
        member.answers[index] = { firstId: next, duplicate: false };
        next = firstId + rows.length;
      }
    try {
      this.#options.onCommitted(rows);
    } catch (error) {
      // It is committed all the same, and that is what callers are told.
      this.#options.onError?.(error);
    }
    for (const member of members) member.resolve(member.answers as Appended[]);
  }
}

function rejectAll(members: readonly Submission[], error: unknown): void {
  for (const member of members) member.reject(error);
}

/** A guard that found too little makes the first inserted id NULL; one that inserts may find its row there already. */
function isSuperseded(members: readonly Submission[], error: unknown): boolean {
  const guarded = members.some((member) => member.units.some((unit) => (unit.with?.length ?? 0) > 0));
  return guarded && (isMissingValue(error) || isDuplicate(error));
}

function outOfReach(cause: unknown): Problem {
  return new Problem('database-unavailable', { retryAfter: 1, cause });
}
