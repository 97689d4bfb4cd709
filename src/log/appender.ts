import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { asProblem, isDuplicate, isMissingValue, isStorageError } from '../db/errors.ts';
import { Problem } from '../protocol/problem.ts';
import { committedRows, rowCount, type Unit } from './append-statement.ts';
import { AppendTerms, type Expectation, type VerifiedLog } from './append-terms.ts';
import {
  type Appended,
  type Attempt,
  findKeys,
  type KnownKey,
  keysOf,
  newAttempt,
  readRefusal,
  type SentAttempt,
  type Submission,
  sendAttempt,
} from './attempt.ts';
import { BoundedConnection, DeadlineExceeded } from './bounded-connection.ts';
import { answerRepeats } from './repeats.ts';
import type { LogRow } from './row.ts';
import type { AppendProof } from './source.ts';
import { readHeadState } from './sql-source.ts';

export type { Appended } from './attempt.ts';

/** Max size of a batch, so that the head is never locked for long. */
const BATCH_ROWS = 2_000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Max bytes per call: its packet stays below a max_allowed_packet of 16 MiB even if every byte is escaped. */
const CALL_BYTES = 6 * 1024 * 1024;

/** Retries of a batch that the database cannot store: enough for a table that is swapped, some 0.2 s. */
const STORAGE_RETRIES = 5;

export interface AppenderOptions {
  /** Opens a dedicated connection that takes several statements in one packet. */
  readonly connect: () => Promise<Connection>;
  /**
   * Receives the rows that this process committed, contiguous, in order, before the caller is answered; without proof
   * where the answer to the COMMIT was lost.
   */
  readonly onCommitted: (rows: LogRow[], proof?: AppendProof) => void;
  /** Knows what this process has read of the log. Left out: the appender takes the log as it finds it. */
  readonly verifier?: LogVerifier;
  readonly onError?: (error: unknown) => void;
  /** Max wait of a caller for its COMMIT, in ms. */
  readonly patienceMs?: number;
  /** Max bytes of statements that wait or are under way; beyond it calls are refused as `overloaded`. */
  readonly maxWaitingBytes?: number;
}

/** Part of this process that follows the log, and verifies that it is still the same. */
export interface LogVerifier {
  readonly verified: VerifiedLog;
  /** Compares the log on this server with what this process remembers, and mends it. Resolves when that is done. */
  verify(server: string): Promise<void>;
}

/** Delay before an append that was refused is sent again, in ms. */
const REFUSED_MS = 5;

/**
 * Group-commit appender. One batch is under way at a time; what arrives meanwhile forms the next. Each caller has its own
 * deadline; a batch is retried until the last of them.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #connection: BoundedConnection;
  readonly #patienceMs: number;
  readonly #maxWaitingBytes: number;
  /** The terms of the current connection. */
  #terms: { readonly connection: Connection; readonly terms: AppendTerms } | undefined;
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
    if (bytes > CALL_BYTES) return Promise.reject(new Problem('body-too-large'));
    if (this.#waitingBytes + bytes > this.#maxWaitingBytes && this.#waitingBytes > 0)
      return Promise.reject(new Problem('overloaded', { retryAfter: 1 }));
    return new Promise((resolve, reject) => {
      const submission: Submission = {
        units,
        bytes,
        rows: units.reduce((sum, unit) => sum + rowCount(unit), 0),
        deadline: performance.now() + this.#patienceMs,
        expired: false,
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
        submission.expired = true;
        reject(unavailable(new DeadlineExceeded()));
      }, this.#patienceMs);
      this.#queue.push(submission);
      this.#waitingBytes += bytes;
      this.#working ??= this.#work();
    });
  }

  /** Refuses new calls, finishes those that wait, and closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    await this.#connection.close();
  }

  async #work(): Promise<void> {
    // One turn of the event loop, so that concurrent callers share the first batch.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch();
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

  #nextBatch(): Submission[] {
    const batch: Submission[] = [];
    const later: Submission[] = [];
    const keys = new Set<string>();
    let rows = 0;
    let bytes = 0;
    let next = 0;
    for (; next < this.#queue.length; next++) {
      const submission = this.#queue[next] as Submission;
      // The deadline can pass before its timer fires.
      if (submission.expired || performance.now() >= submission.deadline) {
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

  /** Retries until every member has its answer. */
  async #commit(members: readonly Submission[]): Promise<void> {
    const deadline = Math.max(...members.map((member) => member.deadline));
    let remaining: Attempt | undefined = newAttempt(members);
    for (let failures = 0; remaining; ) {
      const attempt: Attempt = remaining;
      try {
        remaining = await this.#try(attempt, deadline);
      } catch (error) {
        const late = error instanceof DeadlineExceeded || performance.now() >= deadline;
        const problem = asProblem(error);
        const transient = late || (problem instanceof Problem && problem.status === 503);
        if (!transient) return this.#isolate(attempt.members, error);
        const refused = isStorageError(error);
        if (late || (refused && failures >= STORAGE_RETRIES)) {
          this.#options.onError?.(error);
          return rejectAll(attempt.members, refused ? problem : unavailable(error));
        }
        await sleep(Math.min(500, 2 ** failures++ * (2 + Math.random() * 8)));
      }
    }
  }

  /** Commits and answers all members; or finds used keys, answers those members, and returns the rest for a retry. */
  async #try(attempt: Attempt, deadline: number): Promise<Attempt | undefined> {
    let sent: SentAttempt | Pick<KnownKey, 'firstId' | 'term' | 'at'>;
    let expected: Expectation | undefined;
    try {
      const outcome = await this.#connection.use(deadline, async (connection) => {
        const terms = await this.#termsOf(connection);
        const next = terms.next(this.#verified(terms), performance.now());
        if (typeof next === 'string') return { next, server: terms.server };
        expected = next;
        const committed = await sendAttempt(connection, attempt, next);
        terms.appended(next, committed.proof.term, performance.now());
        return committed;
      });
      if ('next' in outcome) {
        if (outcome.next === 'reconnect') this.#connection.drop();
        await this.#verify(outcome.server, deadline);
        return attempt;
      }
      sent = outcome;
    } catch (error) {
      await this.#connection.rollback(deadline);
      // An attempt that is sent again after it committed fails on its own changes.
      if (!isDuplicate(error) && !isMissingValue(error)) throw error;
      const known = await this.#connection.use(deadline, (connection) => findKeys(connection, attempt));
      const own = known.get(attempt.key);
      if (!own) {
        const { answered, remaining } = answerRepeats(attempt.members, known);
        if (answered) return remaining.length === 0 ? undefined : newAttempt(remaining);
        if (!expected || !(await this.#wasRefused(expected, deadline))) throw error;
        return attempt;
      }
      sent = own;
    }
    this.#answer(attempt, sent);
    return undefined;
  }

  /** Whether an assertion about the log failed, and not a precondition. Then the log is verified. */
  async #wasRefused(expected: Expectation, deadline: number): Promise<boolean> {
    const found = await this.#connection.use(deadline, async (connection) =>
      this.#terms?.connection === connection ? await readRefusal(connection) : undefined,
    );
    const { terms } = this.#terms ?? {};
    if (!found || !terms?.refused(expected, found, performance.now())) return false;
    await this.#verify(found.server, deadline);
    return true;
  }

  async #termsOf(connection: Connection): Promise<AppendTerms> {
    if (this.#terms?.connection !== connection) {
      const openedAt = performance.now();
      this.#terms = { connection, terms: new AppendTerms(await readHeadState(connection), openedAt) };
    }
    return this.#terms.terms;
  }

  #verified(terms: AppendTerms): VerifiedLog {
    const { verifier } = this.#options;
    return verifier ? verifier.verified : terms.asFound(performance.now());
  }

  async #verify(server: string, deadline: number): Promise<void> {
    const patience = Math.max(0, deadline - performance.now());
    const verifying = this.#options.verifier?.verify(server);
    await Promise.race([verifying, sleep(patience, undefined, { ref: false })]);
    await sleep(REFUSED_MS);
    if (performance.now() >= deadline) throw new DeadlineExceeded();
  }

  /** Bisects a batch until the member that cannot be stored is alone, so that the others are committed. */
  async #isolate(members: readonly Submission[], error: unknown): Promise<void> {
    if (members.length > 1) {
      const middle = members.length >> 1;
      await this.#commit(members.slice(0, middle));
      await this.#commit(members.slice(middle));
      return;
    }
    if (isSuperseded(members, error)) return rejectAll(members, new Problem('superseded', { cause: error }));
    const problem = asProblem(error);
    if (!(problem instanceof Problem)) this.#options.onError?.(error);
    rejectAll(members, problem);
  }

  #answer(
    { members, tag }: Attempt,
    { firstId, ...sent }: SentAttempt | Pick<KnownKey, 'firstId' | 'term' | 'at'>,
  ): void {
    const rows: LogRow[] = [];
    const proof = 'proof' in sent ? sent.proof : undefined;
    const term = 'proof' in sent ? sent.proof.term : (sent.term ?? '');
    const at = sent.at ?? new Date(0);
    let next = firstId;
    for (const member of members)
      for (const [index, unit] of member.units.entries()) {
        if (member.answers[index]) continue;
        for (const row of committedRows(unit, next, { at, tag, term })) rows.push(row);
        member.answers[index] = { firstId: next, duplicate: false, term };
        next = firstId + rows.length;
      }
    try {
      this.#options.onCommitted(rows, proof);
    } catch (error) {
      // The rows are committed whatever the observer does.
      this.#options.onError?.(error);
    }
    for (const member of members) member.resolve(member.answers as Appended[]);
  }
}

function rejectAll(members: readonly Submission[], error: unknown): void {
  for (const member of members) member.reject(error);
}

/** A failed precondition makes the first inserted id NULL; one that inserts may fail with a duplicate key. */
function isSuperseded(members: readonly Submission[], error: unknown): boolean {
  const conditional = members.some((member) =>
    member.units.some((unit) => (unit.preconditions?.length ?? 0) > 0),
  );
  return conditional && (isMissingValue(error) || isDuplicate(error));
}

function unavailable(cause: unknown): Problem {
  return new Problem('database-unavailable', { retryAfter: 1, cause });
}
