import { Terms } from './terms.ts';

/**
 * How long what a process has verified of the log stands without another read, in ms. After that its next append begins a
 * term, and rows that other processes committed prove nothing.
 */
export const VERIFIED_WITHIN_MS = 2_000;

/** What the process has verified of the log. */
export interface VerifiedLog {
  /** The highest position that this process committed or saw committed. */
  readonly known: number;
  /** The log's terms. */
  readonly terms: Terms;
  readonly server: string | undefined;
  /** When the last poll was sent that found the log unchanged; as `now`. */
  readonly verifiedAt: number;
}

/** What an append asserts behind the head's lock. Where one does not hold, nothing is appended. */
export interface Expectation {
  /** The head is at or above this position. */
  readonly minHead: number;
  /** This server runs the statements. */
  readonly server: string;
  /** The head is the greatest id among the rows. */
  readonly complete: boolean;
  /** The row at the head carries the tag that the head names, or exists where the head names none. */
  readonly tagged: boolean;
  /** The term that is present is the one that the process has verified. */
  readonly term: string;
  /** Whether a new term begins with this append. */
  readonly begins: boolean;
}

/** What the head's lock showed to an append that was refused. */
export interface RefusedAppend {
  readonly head: number;
  readonly term: string;
  readonly server: string;
  /** Whether the head is the greatest id among the rows, and names the append that wrote that row. */
  readonly complete: boolean;
}

/**
 * The terms of one connection that appends: a term begins with its first append, since a new connection may lead to a
 * server that lacks commits that no living process has read. It is begun from the term that the process has verified;
 * where another process was faster on the same server, that term serves as well.
 */
export class AppendTerms {
  #server: string;
  /** The term that was present when the connection was opened; `undefined` once it needs no term of its own. */
  #openedIn: string | undefined;
  /** The term that was read last. */
  #found: string;
  #complete = false;
  /** Whether the log was verified since an append found that rows and head disagree: the next one does not ask again. */
  #disagreed = false;
  #begunAt = Number.NEGATIVE_INFINITY;
  #openedAt: number;

  /** @param opened what the connection read when it was opened @param now milliseconds of a monotonic clock */
  constructor(opened: { readonly server: string; readonly term: string }, now: number) {
    this.#server = opened.server;
    this.#openedIn = opened.term;
    this.#found = opened.term;
    this.#openedAt = now;
  }

  get server(): string {
    return this.#server;
  }

  /** What the next append asserts; or that the log has to be verified first, or that another connection is needed. */
  next(verified: VerifiedLog, now: number): Expectation | 'verify' | 'reconnect' {
    const { terms, server } = verified;
    const term = terms.present?.word;
    if (term === undefined || server === undefined) return 'verify';
    if (server !== this.#server) return verified.verifiedAt > this.#openedAt ? 'reconnect' : 'verify';
    if (this.#openedIn !== undefined && this.#openedIn !== term) {
      if (verified.verifiedAt <= this.#openedAt) return 'verify';
      // Begun on this server since the connection is open, it refuses what was lost before. Where the log has lost the term
      // that the connection found, an older one is present, which refuses nothing.
      if (terms.has(this.#openedIn)) this.#settle(now);
      else this.#openedIn = term;
    }
    const stale = now - Math.max(verified.verifiedAt, this.#begunAt) > VERIFIED_WITHIN_MS;
    const begins = this.#openedIn !== undefined || stale;
    return {
      minHead: verified.known,
      server: this.#server,
      complete: !this.#complete,
      tagged: !this.#disagreed,
      term,
      begins,
    };
  }

  /** The log as this connection found it, for a process that has read nothing of it. */
  asFound(now: number): VerifiedLog {
    const terms = new Terms([{ number: 1, word: this.#found, firstId: 0 }]);
    return { known: 0, terms, server: this.#server, verifiedAt: now };
  }

  /** @param term the word of the term that the rows belong to */
  appended(expectation: Expectation, term: string, now: number): void {
    this.#found = term;
    this.#complete = true;
    this.#disagreed = false;
    if (expectation.begins) this.#settle(now);
  }

  /**
   * Nothing was appended. Returns whether the log has to be verified before the next append; otherwise every assertion
   * held, and what failed was something else.
   */
  refused(expectation: Expectation, found: RefusedAppend, now: number): boolean {
    this.#found = found.term;
    if (found.server !== this.#server) {
      this.#server = found.server;
      this.#openedIn = found.term;
      this.#openedAt = now;
      this.#complete = false;
      return true;
    }
    if (found.head < expectation.minHead) return true;
    // Another process began a term between the verified read and this append; or a restored backup lacks the newest terms.
    if (expectation.term !== found.term) return true;
    // Verifying mends that as far as it can: the next append does not ask for it again.
    if (!found.complete) {
      this.#complete = true;
      this.#disagreed = true;
    }
    return !found.complete;
  }

  #settle(now: number): void {
    this.#openedIn = undefined;
    this.#begunAt = now;
  }
}
