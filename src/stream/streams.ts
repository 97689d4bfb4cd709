import { randomUUID } from 'node:crypto';
import type { TypeFilter } from '../channel/batch.ts';
import type { Bytes } from '../channel/live-frame.ts';
import type { CloseReason, StreamOpen } from '../protocol/control.ts';
import { formatCursor } from '../protocol/cursor.ts';
import { Problem } from '../protocol/problem.ts';
import type { Scope } from '../protocol/scope.ts';
import { MultiMap } from '../util/multi-map.ts';
import { catchUp, type Gaps, joinAtHead, type ReplayDeps } from './replay.ts';
import type { ResumePlan } from './resume.ts';
import { SharedBatches } from './shared-batches.ts';
import type { Sink } from './sink.ts';
import { type SnapshotOf, snapshotsOf } from './snapshots-of.ts';
import { closeOver, type Pace } from './spread-close.ts';
import { StoredPages, type StoredPagesDeps } from './stored-pages.ts';
import { Stream, type StreamOwner } from './stream.ts';
import type { StreamLimits } from './stream-limits.ts';
import { StreamTimers } from './stream-timers.ts';

/** Observer of streams as they open and close. */
export interface StreamObserver {
  opened(stream: Stream): void;
  closed(stream: Stream): void;
}

export interface StreamsDeps extends Omit<ReplayDeps, 'pages' | 'batches'>, StoredPagesDeps {
  /** The database's time, in ms since 1970: tokens and streams expire by it. Default: this node's. */
  readonly now?: () => number;
  readonly limits: StreamLimits;
  /** Reads a snapshot that a stream begins with, as the encoded `data` lines that streams share. */
  readonly snapshot?: (of: SnapshotOf, stream: Stream) => Promise<Bytes | undefined>;
  /** Random numbers of reconnection times and of the instants at which streams are closed. Default `Math.random`. */
  readonly random?: () => number;
}

export interface OpenRequest {
  readonly owner: StreamOwner;
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  readonly requested: string | undefined;
  readonly plan: ResumePlan;
  /** Expiry of the right to the stream. */
  readonly expiresAt: Date;
}

/** Reasons for which all streams end: each client gets a reconnection time of its own, so that they do not return together. */
const ENDS_ALL: ReadonlySet<CloseReason> = new Set(['shutdown', 'reset']);

/** The open streams of this process. */
export class Streams {
  readonly #deps: StreamsDeps;
  readonly #pages: StoredPages;
  readonly #replay: ReplayDeps;
  readonly #streams = new Map<string, Stream>();
  readonly #byUser = new MultiMap<number, Stream>();
  readonly #replaying = new Set<Stream>();
  readonly #observers: StreamObserver[] = [];
  readonly #timers: StreamTimers;
  #closing = false;
  readonly #termAt: (id: number) => string;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(deps: StreamsDeps) {
    this.#deps = deps;
    this.#pages = new StoredPages(deps);
    this.#replay = { ...deps, pages: this.#pages, batches: new SharedBatches() };
    this.#now = deps.now ?? Date.now;
    this.#random = deps.random ?? Math.random;
    this.#termAt = (id) => deps.terms().termAt(id);
    this.#timers = new StreamTimers({
      heartbeatMs: deps.limits.heartbeatMs,
      settled: () => deps.hub.settled,
      cursorOf: (position) => formatCursor(position, this.#termAt(position)),
      now: this.#now,
    });
  }

  /** Starts heartbeats, expiry and rotation. */
  start(): void {
    this.#timers.start();
  }

  observe(observer: StreamObserver): void {
    this.#observers.push(observer);
  }

  get size(): number {
    return this.#streams.size;
  }

  get limits(): StreamLimits {
    return this.#deps.limits;
  }

  get(id: string): Stream | undefined {
    return this.#streams.get(id);
  }

  /** The streams of a user. */
  ofUser(userId: number): Iterable<Stream> {
    return this.#byUser.get(userId) ?? [];
  }

  /** The streams that have not joined their channels yet. */
  get replaying(): Iterable<Stream> {
    return this.#replaying;
  }

  [Symbol.iterator](): Iterator<Stream> {
    return this.#streams.values();
  }

  /**
   * Checks that another stream may be opened.
   * @throws Problem `shutting-down`, `overloaded`
   */
  admit(): void {
    if (this.#closing) throw new Problem('shutting-down', { retryAfter: 2 });
    if (this.#streams.size >= this.#deps.limits.maxStreams)
      throw new Problem('overloaded', { retryAfter: 5 });
  }

  /** Opens a stream over a response whose headers are on their way. */
  open(request: OpenRequest, sink: Sink): Stream {
    const { limits } = this.#deps;
    const now = this.#now();
    const ageMs = limits.maxAgeMs * (0.9 + Math.random() * 0.1);
    const stream = new Stream({
      id: randomUUID(),
      owner: request.owner,
      scopes: request.scopes,
      filter: request.filter,
      sink,
      termAt: this.#termAt,
      position: request.plan.from,
      expiresAt: request.expiresAt,
      rotatesAt: performance.now() + ageMs,
      // At a random moment, so that streams that were opened together do not beat together.
      beatsAt: performance.now() + Math.random() * limits.heartbeatMs,
      maxUnsentBytes: limits.maxUnsentBytes,
      maxStallMs: limits.maxStallMs,
      withUnsent: this.#timers.unsent,
    });
    this.#register(stream);
    const { recovered, lost, stale, gapsThrough } = request.plan;
    const open: StreamOpen = {
      streamId: stream.id,
      scopes: stream.scopes,
      requested: request.requested?.slice(0, 64) ?? null,
      recovered,
      ...(lost ? { lost } : {}),
      ...(stale ? { stale } : {}),
      heartbeatMs: limits.heartbeatMs,
      expiresAt: new Date(Math.min(request.expiresAt.getTime(), now + ageMs)).toISOString(),
      serverTime: new Date(now).toISOString(),
    };
    stream.send('stream-open', open, { retryMs: this.#reconnectionTime() });
    this.#begin(stream, { stale: stale !== undefined, gapsThrough });
    return stream;
  }

  /** Closes the streams that match. Returns how many matched. */
  closeWhere(matches: (stream: Stream) => boolean, reason: CloseReason): number {
    if (reason === 'reset') this.#pages.clear();
    const found = [...this.#streams.values()].filter(matches);
    for (const stream of found) this.#close(stream, reason);
    return found.length;
  }

  /** Closes all streams and admits no more. */
  close(): void {
    this.#closing = true;
    this.#timers.stop();
    this.closeWhere(() => true, 'shutdown');
  }

  /**
   * Closes each stream at a random instant of a window, and admits no more: the clients reconnect elsewhere over the
   * window and their reconnection times, not together.
   *
   * @param windowMs length of the window, ms
   */
  async closeOver(windowMs: number, pace?: Pace): Promise<void> {
    this.#closing = true;
    const closings = [...this.#streams.values()].map((stream) => ({
      atMs: windowMs * this.#random(),
      close: () => this.#close(stream, 'shutdown'),
    }));
    await closeOver(closings, pace);
    this.close();
  }

  #close(stream: Stream, reason: CloseReason): void {
    stream.close(reason, ENDS_ALL.has(reason) ? this.#reconnectionTime() : undefined);
  }

  /** Random reconnection time from `retryMs` to three times that, so that clients that were cut off together spread out. */
  #reconnectionTime(): number {
    return Math.floor(this.#deps.limits.retryMs * (1 + 2 * this.#random()));
  }

  #begin(stream: Stream, gaps: Gaps): void {
    const snapshots = this.#deps.snapshot ? snapshotsOf(stream.scopes) : [];
    try {
      // Most streams miss nothing: they are live at once.
      if (snapshots.length === 0 && stream.state === 'replaying' && joinAtHead(stream, this.#deps.hub, 0))
        return;
    } catch (error) {
      this.#fail(stream, error);
      return;
    }
    void this.#catchUp(stream, snapshots, gaps);
  }

  async #catchUp(stream: Stream, snapshots: readonly SnapshotOf[], gaps: Gaps): Promise<void> {
    this.#replaying.add(stream);
    try {
      const snapshotAt = await this.#sendSnapshots(stream, snapshots);
      await catchUp(stream, this.#replay, { ...gaps, snapshotAt });
    } catch (error) {
      this.#fail(stream, error);
    }
    this.#replaying.delete(stream);
  }

  #fail(stream: Stream, error: unknown): void {
    this.#deps.onError?.(error);
    this.#close(stream, 'reset');
  }

  /** Sends leaderboards and cells of the stream's scopes. Returns the position up to which their deltas need no replay. */
  async #sendSnapshots(stream: Stream, snapshots: readonly SnapshotOf[]): Promise<number> {
    const { snapshot, hub } = this.#deps;
    if (!snapshot || snapshots.length === 0) return 0;
    // Before the snapshots are read: a delta that is appended meanwhile is sent after them.
    const at = hub.position;
    for (const of of snapshots) {
      const bytes = await snapshot(of, stream);
      if (!bytes || stream.state === 'closed') continue;
      stream.sendShared(of.event, bytes);
      await stream.drained();
    }
    return at;
  }

  #register(stream: Stream): void {
    this.#streams.set(stream.id, stream);
    const { userId } = stream.owner;
    this.#byUser.add(userId, stream);
    this.#timers.add(stream);
    if (this.#byUser.count(userId) > this.#deps.limits.maxStreamsPerPlayer) {
      const [oldest] = this.ofUser(userId);
      oldest?.close('replaced');
    }
    for (const observer of this.#observers) observer.opened(stream);
    stream.onClosed((closed) => this.#unregister(closed));
  }

  #unregister(stream: Stream): void {
    this.#deps.hub.leave(stream);
    this.#timers.delete(stream);
    this.#streams.delete(stream.id);
    this.#byUser.delete(stream.owner.userId, stream);
    for (const observer of this.#observers) observer.closed(stream);
  }
}
