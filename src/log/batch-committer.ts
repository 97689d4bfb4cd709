import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { asProblem, isDuplicate, isLocked, isMissingValue, isStorageError } from '../db/errors.ts';
import { Problem } from '../protocol/problem.ts';
import { backoffDelay } from '../util/backoff.ts';
import { addCommittedRows, type Unit } from './append-statement.ts';
import { AppendTerms, type Expectation, type VerifiedLog } from './append-terms.ts';
import {
  type Appended,
  type Attempt,
  findKeys,
  type KnownKey,
  newAttempt,
  type PendingAppend,
  readPhase,
  readRefusal,
  type SentAttempt,
  sendAttempt,
  unansweredRows,
} from './attempt.ts';
import { BoundedConnection, DeadlineExceeded } from './bounded-connection.ts';
import { answerRepeats } from './repeats.ts';
import type { LogRow } from './row.ts';
import type { AppendProof } from './source.ts';
import { readHeadState } from './sql-source.ts';

/** Retries of a batch that the database cannot store: enough for a table that is swapped, some 0.2 s. */
const STORAGE_RETRIES = 5;

/** Delays before a failed batch is sent again. */
const RETRY = { minMs: 10, maxMs: 500 };
/** Delay before an append that was refused is sent again, in ms. */
const REFUSED_MS = 5;

export interface BatchCommitterOptions {
  /** Opens a dedicated connection that takes several statements in one packet. */
  readonly connect: () => Promise<Connection>;
  /**
   * Receives the rows that this process committed, contiguous, in order, before the caller is answered; without proof
   * where the answer to the COMMIT was lost.
   */
  readonly onCommitted: (rows: LogRow[], proof?: AppendProof) => void;
  /** State of the log as this process has read it. Left out: the log is taken as it is found. */
  readonly verifier?: LogVerifier;
  readonly onError?: (error: unknown) => void;
}

/** Part of this process that follows the log, and verifies that it is still the same. */
export interface LogVerifier {
  readonly verified: VerifiedLog;
  /** Compares the log on this server with what this process has read, and mends it. Resolves when that is done. */
  verify(server: string): Promise<void>;
}

/**
 * Commits batches on a connection of its own, one at a time: retries until the last deadline of a batch, finds out whether
 * a COMMIT without an answer happened, and answers every member.
 */
export class BatchCommitter {
  readonly #options: BatchCommitterOptions;
  readonly #connection: BoundedConnection;
  /** Last position of the batch that was committed and is not answered yet; 0 where there is none. */
  #unanswered = 0;
  /** The terms of the current connection. */
  #terms: { readonly connection: Connection; readonly terms: AppendTerms } | undefined;

  constructor(options: BatchCommitterOptions) {
    this.#options = options;
    this.#connection = new BoundedConnection(options.connect);
  }

  /**
   * Commits a batch. Never rejects: each member gets its answer or its error.
   *
   * @param onSent called when the packet is written, however often it is sent
   * @returns answers those that have no answer yet. The next batch may be sent before it is called, and settles after that.
   */
  async commit(batch: readonly PendingAppend[], onSent: () => void): Promise<() => void> {
    try {
      return await this.#commit(batch, onSent);
    } catch (error) {
      this.#options.onError?.(error);
      rejectAll(batch, error);
      return ANSWERED;
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Retries until every member is committed or has its answer. Returns what answers the rest. */
  async #commit(members: readonly PendingAppend[], onSent: () => void = () => {}): Promise<() => void> {
    const deadline = Math.max(...members.map((member) => member.deadline));
    let attempt = newAttempt(members);
    for (let failures = 0; ; ) {
      try {
        const outcome = await this.#try(attempt, deadline, onSent);
        if (typeof outcome === 'function') return outcome;
        attempt = outcome;
      } catch (error) {
        if (error instanceof RowsLocked) return this.#separate(attempt.members, error);
        const late = error instanceof DeadlineExceeded || performance.now() >= deadline;
        const problem = asProblem(error);
        const transient = late || (problem instanceof Problem && problem.status === 503);
        if (!transient) return this.#isolate(attempt.members, error);
        const refused = isStorageError(error);
        if (late || (refused && failures >= STORAGE_RETRIES)) {
          this.#options.onError?.(error);
          rejectAll(attempt.members, refused ? problem : unavailable(error));
          return ANSWERED;
        }
        await sleep(backoffDelay(++failures, RETRY, { share: 0.8 }));
      }
    }
  }

  /**
   * Commits all members, and returns what answers them; or finds used keys, answers those members, and returns the rest for a
   * retry.
   */
  async #try(attempt: Attempt, deadline: number, onSent: () => void): Promise<Attempt | (() => void)> {
    let sent: SentAttempt | Pick<KnownKey, 'firstId' | 'term' | 'at'>;
    let expected: Expectation | undefined;
    try {
      const outcome = await this.#connection.use(deadline, async (connection) => {
        const terms = await this.#termsOf(connection);
        const next = terms.next(this.#verified(terms), performance.now());
        if (typeof next === 'string') return { next, server: terms.server };
        expected = next;
        const committed = await sendAttempt(connection, attempt, next, onSent);
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
      if (isLocked(error) && isConditional(attempt.members)) {
        const phase = await this.#connection.use(deadline, readPhase);
        if (phase === 'locking' || phase === 'preconditions') throw new RowsLocked(phase, error);
      }
      // An attempt that is sent again after it committed fails on its own changes.
      if (!isDuplicate(error) && !isMissingValue(error)) throw error;
      const known = await this.#connection.use(deadline, (connection) => findKeys(connection, attempt));
      const own = known.get(attempt.key);
      if (!own) {
        const { answered, remaining } = answerRepeats(attempt.members, known);
        if (answered) return remaining.length === 0 ? ANSWERED : newAttempt(remaining);
        if (!expected || !(await this.#wasRefused(attempt, expected, deadline))) throw error;
        return attempt;
      }
      sent = own;
    }
    if ('proof' in sent && sent.proof.began) {
      // The next batch asserts the term that this one began, which the observer has to know first.
      this.#answer(attempt, sent);
      return ANSWERED;
    }
    this.#unanswered = sent.firstId + unansweredRows(attempt) - 1;
    return () => this.#answer(attempt, sent);
  }

  /**
   * Whether an assertion about the log failed, and not a precondition. Then the log is verified. Also true where the session has
   * ended which alone knew it, with its connection or behind a proxy: nothing was committed, and the next attempt finds out.
   */
  async #wasRefused({ members }: Attempt, expected: Expectation, deadline: number): Promise<boolean> {
    const { connection: asked, terms } = this.#terms ?? {};
    const found = await this.#connection.use(deadline, async (connection) =>
      connection === asked ? await readRefusal(connection) : 'unknown',
    );
    if (found === 'unknown' || (!found && !isConditional(members))) {
      await sleep(REFUSED_MS);
      return true;
    }
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
    const verified = verifier ? verifier.verified : terms.asFound(performance.now());
    // The observer does not know the batch that is answered while the next one is sent.
    return this.#unanswered > verified.known ? { ...verified, known: this.#unanswered } : verified;
  }

  async #verify(server: string, deadline: number): Promise<void> {
    const patience = Math.max(0, deadline - performance.now());
    const verifying = this.#options.verifier?.verify(server);
    await Promise.race([verifying, sleep(patience, undefined, { ref: false })]);
    await sleep(REFUSED_MS);
    if (performance.now() >= deadline) throw new DeadlineExceeded();
  }

  /** Commits first what has no preconditions, and bisects the others until those that met a lock are alone. */
  async #separate(members: readonly PendingAppend[], error: RowsLocked): Promise<() => void> {
    const free = members.filter((member) => !isConditional([member]));
    const conditional = members.filter((member) => isConditional([member]));
    if (free.length > 0) (await this.#commit(free))();
    return free.length > 0 && conditional.length > 1
      ? this.#commit(conditional)
      : this.#isolate(conditional, error);
  }

  /** Bisects a batch until the member that cannot be stored is alone, so that the others are committed. */
  async #isolate(members: readonly PendingAppend[], error: unknown): Promise<() => void> {
    if (members.length > 1) {
      const middle = members.length >> 1;
      (await this.#commit(members.slice(0, middle)))();
      return this.#commit(members.slice(middle));
    }
    rejectAll(members, this.#refusalOf(members, error));
    return ANSWERED;
  }

  /** Error of a single member that cannot be stored. */
  #refusalOf(members: readonly PendingAppend[], error: unknown): unknown {
    if (error instanceof RowsLocked && error.phase === 'preconditions')
      return new Problem('overloaded', { retryAfter: 1, cause: error });
    if (isSuperseded(members, error)) return new Problem('superseded', { cause: error });
    const problem = asProblem(error);
    if (!(problem instanceof Problem)) this.#options.onError?.(error);
    return problem;
  }

  #answer(
    { members, tag }: Attempt,
    { firstId, ...sent }: SentAttempt | Pick<KnownKey, 'firstId' | 'term' | 'at'>,
  ): void {
    this.#unanswered = 0;
    const rows: LogRow[] = [];
    const proof = 'proof' in sent ? sent.proof : undefined;
    const term = 'proof' in sent ? sent.proof.term : (sent.term ?? '');
    const written = { at: sent.at?.getTime() ?? 0, tag, term };
    for (const { units, answers } of members)
      for (let index = 0; index < units.length; index++) {
        if (answers[index]) continue;
        answers[index] = { firstId: firstId + rows.length, duplicate: false, term };
        addCommittedRows(rows, units[index] as Unit, firstId, written);
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

/** Nothing is left to be answered. */
const ANSWERED = (): void => {};

function rejectAll(members: readonly PendingAppend[], error: unknown): void {
  for (const member of members) member.reject(error);
}

/** Another transaction has locked rows that a precondition changes. The cause is the server's error. */
class RowsLocked extends Error {
  /** Whether it was found at once, or after a wait. */
  readonly phase: 'locking' | 'preconditions';

  constructor(phase: 'locking' | 'preconditions', cause: unknown) {
    super('rows that a precondition changes are locked', { cause });
    this.phase = phase;
  }
}

/** A failed precondition makes the first inserted id NULL; one that inserts may fail with a duplicate key. */
function isSuperseded(members: readonly PendingAppend[], error: unknown): boolean {
  if (error instanceof RowsLocked) return true;
  return isConditional(members) && (isMissingValue(error) || isDuplicate(error));
}

function isConditional(members: readonly PendingAppend[]): boolean {
  return members.some((member) => member.units.some((unit) => (unit.preconditions?.length ?? 0) > 0));
}

/** Error of a caller whose COMMIT was not confirmed in time. */
export function unavailable(cause: unknown): Problem {
  return new Problem('database-unavailable', { retryAfter: 1, cause });
}
