import { setTimeout as sleep } from 'node:timers/promises';
import type { Queries } from '../db/database.ts';
import { isLocked } from '../db/errors.ts';
import { readPacketLimit } from '../db/packet-limit.ts';
import type { Stream } from '../stream/stream.ts';
import type { Streams } from '../stream/streams.ts';
import { backoffDelay } from '../util/backoff.ts';
import { chunk, chunkByBytes } from '../util/chunk.ts';
import type { NodeLease } from './node-lease.ts';
import {
  type ClosedSession,
  closedRow,
  closedSession,
  endLostSessions,
  openRow,
  readLockedSessions,
  readOpenSessions,
  WRITE_SESSIONS,
} from './session-row.ts';

export interface SessionWriterOptions {
  readonly database: Pick<Queries, 'execute' | 'query'>;
  readonly streams: Streams;
  readonly nodeId: string;
  readonly lease: Pick<NodeLease, 'renew' | 'release' | 'opsStreams'>;
  /** Time between two renewals of the node's lease, ms. */
  readonly renewMs: number;
  /** Called for the first failed write after a success. */
  readonly onError?: (error: unknown) => void;
}

/** Delay between a change of a stream and its row, ms. */
const FLUSH_MS = 200;
/** Max rows per statement. */
const STATEMENT_ROWS = 1_000;
/** Delays before a failed write is repeated. */
const RETRY = { minMs: 400, maxMs: 2_000 };
/** Max closed streams that wait for the database; beyond it the oldest are left to the sweep. */
const MAX_WAITING_CLOSED = 100_000;
/** Max duration of `close`, ms. */
const CLOSE_MS = 3_000;

/**
 * Writes the rows of this node's streams to `stream_session`, and renews the node's lease. Opening a stream never waits for
 * it: changes are written together a moment later. An open stream that does not change is not written again, unless the
 * lease had ended: then a sweep may have ended its session, and all rows are written. So they are after `reconcile`. While the
 * database is unavailable, changes wait.
 */
export class SessionWriter {
  readonly #options: SessionWriterOptions;
  #open = new Set<Stream>();
  readonly #closed = new Map<string, ClosedSession>();
  #opsStreams = 0;
  #renewalDue = true;
  /** Whether the rows of this node may be those of an older copy. */
  #reconciliationDue = false;
  #heartbeat: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #attempting = false;
  #failures = 0;
  #closing = false;
  /** Max size of the rows of a statement; undefined: not known yet. */
  #maxBytes: number | undefined;

  constructor(options: SessionWriterOptions) {
    this.#options = options;
  }

  /** Starts to observe the streams. To be called once, before the first is opened. */
  start(): void {
    this.#options.streams.observe({
      opened: (stream) => {
        this.#countOps(stream, 1);
        this.markDirty(stream);
      },
      closed: (stream) => {
        this.#countOps(stream, -1);
        this.#end(stream, stream.closeReason ?? 'gone');
      },
    });
    this.#heartbeat = setInterval(() => this.#renewSoon(), this.#options.renewMs);
    this.#heartbeat.unref();
  }

  /** Schedules a write of the stream's row. */
  markDirty(stream: Stream): void {
    if (this.#closing || stream.state === 'closed') return;
    this.#open.add(stream);
    this.#schedule(FLUSH_MS);
  }

  /**
   * Schedules a comparison of this node's rows with its streams. To be called where another server answers, or the log was
   * restored: the copy may hold streams as open that have closed since, and lack others. Those are ended, and these written.
   */
  reconcile(): void {
    this.#reconciliationDue = true;
    this.#renewSoon();
  }

  /** Resolves when all changes up to now are in the database. @throws errors of the database */
  async flush(): Promise<void> {
    while (this.#writing || this.#waiting > 0) await this.#write();
  }

  /** Writes all streams as closed and releases the lease; gives up after 3 s. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    for (const stream of this.#options.streams) this.#end(stream, 'shutdown');
    const abort = new AbortController();
    const late = sleep(CLOSE_MS, undefined, { signal: abort.signal }).catch(() => {});
    const end = async () => {
      this.#renewalDue = false;
      await this.flush();
      await this.#options.lease.release();
    };
    await Promise.race([end().catch((error) => this.#options.onError?.(error)), late]);
    abort.abort();
  }

  get #waiting(): number {
    return this.#open.size + this.#closed.size + (this.#renewalDue ? 1 : 0);
  }

  #renewSoon(): void {
    this.#renewalDue = true;
    this.#schedule(0);
  }

  /** Other nodes report their status only while some stream has the scope: they are to see it at once. */
  #countOps(stream: Stream, change: 1 | -1): void {
    if (!stream.scopes.includes('ops')) return;
    this.#opsStreams += change;
    this.#options.lease.opsStreams = this.#opsStreams;
    this.#renewalDue = true;
  }

  #end(stream: Stream, reason: string): void {
    if (this.#closed.has(stream.id)) return;
    this.#open.delete(stream);
    this.#closed.set(stream.id, closedSession(stream, reason, performance.now()));
    this.#bound();
    this.#schedule(FLUSH_MS);
  }

  #bound(): void {
    for (const id of this.#closed.keys()) {
      if (this.#closed.size <= MAX_WAITING_CLOSED) return;
      this.#closed.delete(id);
    }
  }

  #schedule(afterMs: number): void {
    if (this.#closing || this.#attempting) return;
    this.#timer ??= setTimeout(() => void this.#attempt(), afterMs).unref();
  }

  async #attempt(): Promise<void> {
    this.#timer = undefined;
    this.#attempting = true;
    let againMs = FLUSH_MS;
    try {
      await this.#write();
      this.#failures = 0;
    } catch (error) {
      if (this.#failures++ === 0) this.#options.onError?.(error);
      againMs = backoffDelay(this.#failures, RETRY, { share: 0.5 });
    }
    this.#attempting = false;
    if (this.#waiting > 0) this.#schedule(againMs);
  }

  /** Writes one statement at a time, so that newer state is written after older. */
  #write(): Promise<void> {
    this.#writing ??= this.#writeWaiting().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Writes the changes that wait now. Later ones wait for the next call, or each would be a statement of its own. */
  async #writeWaiting(): Promise<void> {
    await this.#renewIfDue();
    for (let left = this.#open.size + this.#closed.size; left > 0; left -= STATEMENT_ROWS) {
      const count = Math.min(left, STATEMENT_ROWS);
      const closed = take(this.#closed.values(), count);
      const open = take(this.#open, count - closed.length);
      for (const { row } of closed) this.#closed.delete(row.id);
      for (const stream of open) this.#open.delete(stream);
      try {
        await this.#send(closed, open);
      } catch (error) {
        if (isLocked(error)) await this.#sendUnlocked(closed, open);
        else this.#restore(closed, open);
        throw error;
      }
    }
  }

  /** Writes these but for those whose rows another transaction has locked, which wait for a later attempt. */
  async #sendUnlocked(closed: readonly ClosedSession[], open: readonly Stream[]): Promise<void> {
    try {
      const ids = [...closed.map(({ row }) => row.id), ...open.map(({ id }) => id)];
      const locked = await readLockedSessions(this.#options.database, ids);
      await this.#send(
        closed.filter(({ row }) => !locked.has(row.id)),
        open.filter(({ id }) => !locked.has(id)),
      );
      this.#restore(
        closed.filter(({ row }) => locked.has(row.id)),
        open.filter(({ id }) => locked.has(id)),
      );
    } catch (error) {
      this.#restore(closed, open);
      throw error;
    }
  }

  /** Puts back what was not written. */
  #restore(closed: readonly ClosedSession[], open: readonly Stream[]): void {
    for (const one of closed) this.#closed.set(one.row.id, one);
    for (const stream of open)
      if (stream.state !== 'closed' && !this.#closed.has(stream.id)) this.#open.add(stream);
    this.#bound();
  }

  /** Renews the lease before any row is written: a session without its node's lease would count as one of an older release. */
  async #renewIfDue(): Promise<void> {
    if (!this.#renewalDue) return;
    this.#renewalDue = false;
    try {
      const held = await this.#options.lease.renew();
      if (!held || this.#reconciliationDue)
        for (const stream of this.#options.streams) this.#open.add(stream);
      if (this.#reconciliationDue) await this.#endLost();
    } catch (error) {
      this.#renewalDue = true;
      throw error;
    }
  }

  /** Ends sessions of streams that are not open here. What others have locked is left to the next renewal. */
  async #endLost(): Promise<void> {
    const { database, nodeId, streams } = this.#options;
    this.#reconciliationDue = false;
    try {
      const stored = await readOpenSessions(database, nodeId);
      const open = new Set([...streams].map(({ id }) => id));
      for (const ids of chunk(
        stored.filter((id) => !open.has(id)),
        STATEMENT_ROWS,
      )) {
        const locked = await readLockedSessions(database, ids);
        if (locked.size > 0) this.#reconciliationDue = true;
        await endLostSessions(
          database,
          ids.filter((id) => !locked.has(id)),
        );
      }
    } catch (error) {
      this.#reconciliationDue = true;
      if (!isLocked(error)) throw error;
    }
  }

  async #send(closed: readonly ClosedSession[], open: readonly Stream[]): Promise<void> {
    const { database, nodeId } = this.#options;
    const now = performance.now();
    const rows = [...closed.map((one) => closedRow(one, now)), ...open.map((stream) => openRow(stream, now))];
    const texts = rows.map((row) => JSON.stringify(row));
    // Escaped, a text takes up to twice its size.
    this.#maxBytes ??= (await readPacketLimit(database)) / 4;
    for (const page of chunkByBytes(texts, (text) => text, { maxBytes: this.#maxBytes }))
      await database.execute(WRITE_SESSIONS, [nodeId, `[${page.join(',')}]`]);
  }
}

function take<T>(from: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  if (count <= 0) return taken;
  for (const one of from) {
    taken.push(one);
    if (taken.length === count) break;
  }
  return taken;
}
