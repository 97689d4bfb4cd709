import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { backoffDelay } from '../util/backoff.ts';
import { WakeableSleep } from '../util/wakeable-sleep.ts';
import type { VerifiedLog } from './append-terms.ts';
import type { LogVerifier } from './batch-committer.ts';
import type { LogFault } from './comparison.ts';
import { markOf } from './reader.ts';
import type { LogRow } from './row.ts';
import type { SharedCommit } from './shared-commit.ts';
import type { AppendProof, LogSource } from './source.ts';
import { sqlSource } from './sql-source.ts';
import type { Terms } from './terms.ts';
import { ServerChanged, Tracker } from './tracker.ts';

export type { LogFault } from './comparison.ts';

export interface FollowerOptions {
  /** Opens a dedicated connection, so that a busy pool cannot delay the follower. */
  readonly connect: () => Promise<Connection>;
  /** Receives the log's next rows: contiguous, in order, each once. */
  readonly onRows: (rows: LogRow[]) => void;
  readonly onReset: (fault: LogFault) => void;
  readonly onError?: (error: unknown) => void;
  /** Another server answers than before: connections that others opened may lead to the one that was left. */
  readonly onServerChanged?: () => void;
  /** Poll interval while other processes write, and at rest, in ms. */
  readonly pollMs?: { readonly busy: number; readonly idle: number };
  /** Whether other processes hint at their commits at present (`wake`): the poll at rest is slower then. */
  readonly hinted?: () => boolean;
}

/** Poll interval at rest where hints arrive, in ms. */
const HINTED_IDLE_MS = 250;
/** Time after the last row of another process for which the poll stays busy, in ms. */
const BUSY_MS = 1_000;
/** Delay before rows below those that others sent are read, in ms: commits of several nodes may arrive out of order. */
const OVERTAKEN_MS = 3;
/** Max interval between polls that hints of rows which are not there cause, in ms. */
const MAX_VAIN_MS = 250;

/** Delays before another connection is opened. */
const RECONNECT = { minMs: 50, maxMs: 1_000 };
/** Max wait for a verification over the present connection before it is dropped, in ms. */
const VERIFY_MS = 1_000;

/** The follower's connection, and what ends the reads that are under way on it. */
interface Link {
  readonly connection: Connection;
  readonly source: LogSource<LogRow>;
  readonly drop: () => void;
}

/**
 * Follows the log and delivers its rows contiguously. New rows are signalled by this process's own commits (`offer`), by
 * hints (`hint`) and by a poll of the head; none of these needs to be complete, in order, or free of repeats.
 */
export class Follower implements LogVerifier {
  readonly #options: FollowerOptions;
  readonly #tracker: Tracker<LogRow>;
  readonly #pollMs: { readonly busy: number; readonly idle: number };
  readonly #pause = new WakeableSleep();
  #link: Link | undefined;
  /** Callers that wait until the log is verified. */
  #verifying: (() => void)[] = [];
  /** Callers that wait for a poll. */
  #refreshing: (() => void)[] = [];
  /** The server that answered the last poll. */
  #server: string | undefined;
  #started = false;
  #closed = false;
  /** When a hint of another process last caused a poll, and how many in a row found nothing. */
  #wokenAt = Number.NEGATIVE_INFINITY;
  #woken = false;
  #vain = 0;
  /** Rows up to `#awaited` are held, and some below them are not there yet. */
  #overtaken: NodeJS.Timeout | undefined;
  #awaited = 0;
  #received = 0;
  /** When another process last sent rows. */
  #receivedAt = Number.NEGATIVE_INFINITY;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? { busy: 5, idle: 50 };
    this.#tracker = new Tracker<LogRow>({
      onRows: (rows) => options.onRows(rows),
      onReset: (fault) => options.onReset(fault),
      markOf,
      // A gap is usually a commit whose rows become visible out of order.
      pause: () => sleep(2 + Math.random() * 3),
      now: () => performance.now(),
    });
  }

  /** The last position delivered. */
  get position(): number {
    return this.#tracker.position;
  }

  /** The terms of the log that is followed. */
  get terms(): Terms {
    return this.#tracker.terms;
  }

  /** The position at which this process began without a row there: that of a head whose rows are lost. */
  get emptyAt(): number | undefined {
    return this.#tracker.emptyAt;
  }

  get verified(): VerifiedLog {
    const { known, server, verifiedAt } = this.#tracker;
    return { known, terms: this.terms, server, verifiedAt };
  }

  /** Number of rows that are known to exist and are not delivered yet. */
  get lag(): number {
    return this.#tracker.target - this.position;
  }

  /** Number of rows that were delivered without a read, since another process sent them. */
  get received(): number {
    return this.#received;
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  /**
   * Reads the head and starts to follow from there.
   * @param prepare runs with that position before any row is delivered
   * @throws when the database cannot be reached
   */
  async start(prepare?: (position: number) => Promise<void>): Promise<void> {
    try {
      await this.#tracker.start((await this.#open()).source);
      await prepare?.(this.position);
      this.#observeServer();
      this.#started = true;
      void this.#follow();
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** Takes rows that this process committed. Without proof they are a hint. */
  offer(rows: readonly LogRow[], proof?: AppendProof): void {
    if (!this.#started || this.#closed) return;
    const outcome = this.#tracker.offer(rows, proof);
    if (outcome === 'reconnect') this.#drop();
    if (outcome !== 'done') this.#pause.wake();
  }

  /** Takes a hint that the head is at `head`. */
  hint(head: number): void {
    if (this.#tracker.hint(head)) this.#pause.wake();
  }

  /**
   * Takes a hint from outside that rows up to `head` may exist. It is not trusted: it causes a poll at most, and hints
   * that were vain cause fewer of them.
   */
  wake(head: number): void {
    if (this.#woken || head <= this.position) return;
    const now = performance.now();
    if (now - this.#wokenAt < Math.min(MAX_VAIN_MS, this.#vain * this.#pollMs.busy)) return;
    this.#wokenAt = now;
    this.#woken = true;
    this.#pause.wake();
  }

  /**
   * Takes a hint of another process of this cluster, with the commits that it sent. Their rows are delivered where they are
   * the next ones of the log that was verified; what is missing up to `head` is read.
   */
  receive(head: number, commits: readonly SharedCommit[]): void {
    if (!this.#started || this.#closed) return;
    const before = this.position;
    const outcomes = commits.map(({ rows, proof }) => this.#tracker.receive(rows, proof));
    // Also where a poll has found these rows already: others send what they write.
    if (commits.length > 0) this.#receivedAt = performance.now();
    this.#received += this.position - before;
    if (head > (commits.at(-1)?.rows.at(-1)?.id ?? 0) || outcomes.includes('read')) this.wake(head);
    else if (outcomes.includes('wait')) {
      this.#awaited = Math.max(this.#awaited, head);
      this.#overtaken ??= setTimeout(() => {
        this.#overtaken = undefined;
        this.wake(this.#awaited);
      }, OVERTAKEN_MS).unref();
    }
  }

  verify(server: string): Promise<void> {
    return new Promise((resolve) => {
      // A connection to another server, or one that does not answer, may lead to a log that receives no more appends.
      if (server !== this.#tracker.server) this.#drop();
      const slow = setTimeout(() => this.#drop(), VERIFY_MS).unref();
      this.#verifying.push(() => {
        clearTimeout(slow);
        resolve();
      });
      this.#pause.wake();
    });
  }

  /** Resolves after a poll that began later. */
  refresh(): Promise<void> {
    return new Promise((resolve) => {
      this.#refreshing.push(resolve);
      this.#pause.wake();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#tracker.close();
    clearTimeout(this.#overtaken);
    this.#pause.wake();
    // A query that a hanging server does not answer is not awaited. If it is answered later, nothing is delivered.
    this.#drop();
  }

  async #follow(): Promise<void> {
    let pauseMs = this.#pollMs.idle;
    let failures = 0;
    let busyUntil = Number.NEGATIVE_INFINITY;
    while (!this.#closed) {
      try {
        const fresh = this.#link === undefined;
        const { source } = await this.#open();
        const verifying = this.#verifying.splice(0);
        const refreshing = this.#refreshing.splice(0);
        const woken = this.#woken;
        this.#woken = false;
        try {
          const others = await this.#tracker.poll(source, fresh);
          if (verifying.length > 0) await this.#tracker.verify(source);
          if (woken) this.#vain = others ? 0 : this.#vain + 1;
          const now = performance.now();
          if (others) busyUntil = now + BUSY_MS;
          const hinted = this.#options.hinted?.() ?? false;
          // Others send their rows: polling faster would only find more of them before they come.
          const busy = hinted ? others && now - this.#receivedAt >= BUSY_MS : others || now < busyUntil;
          pauseMs = busy ? this.#pollMs.busy : Math.min(this.#idleMs, pauseMs * 2);
        } catch (error) {
          this.#verifying.unshift(...verifying);
          this.#refreshing.unshift(...refreshing);
          throw error;
        }
        failures = 0;
        this.#observeServer();
        for (const done of [...verifying, ...refreshing]) done();
        await this.#pause.rest(pauseMs);
      } catch (error) {
        this.#drop();
        if (this.#closed) return;
        this.#options.onError?.(error);
        this.#tracker.readLess();
        if (!(error instanceof ServerChanged))
          await this.#pause.sleep(backoffDelay(++failures, RECONNECT, { share: 0.5 }));
      }
    }
  }

  #observeServer(): void {
    const before = this.#server;
    this.#server = this.#tracker.server;
    if (before !== undefined && before !== this.#server) this.#options.onServerChanged?.();
  }

  get #idleMs(): number {
    return this.#options.hinted?.() ? Math.max(this.#pollMs.idle, HINTED_IDLE_MS) : this.#pollMs.idle;
  }

  async #open(): Promise<Link> {
    if (this.#link) return this.#link;
    const connection = await this.#options.connect();
    if (this.#closed) {
      connection.destroy();
      throw new Error('the follower was closed');
    }
    const dropped = new AbortController();
    const drop = () => dropped.abort(new Error("the follower's connection was dropped"));
    this.#link = { connection, source: sqlSource(connection, dropped.signal), drop };
    connection.on('error', () => this.#drop(connection));
    return this.#link;
  }

  #drop(connection = this.#link?.connection): void {
    const link = this.#link;
    if (link && link.connection === connection) {
      this.#link = undefined;
      this.#tracker.distrust();
      link.drop();
    }
    connection?.destroy();
  }
}
