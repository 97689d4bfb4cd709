import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TypeFilter } from '../channel/batch.ts';
import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import type { CloseReason, StreamOpen } from '../protocol/control.ts';
import { formatCursor } from '../protocol/cursor.ts';
import { encodeComment, encodeFrame } from '../protocol/frame.ts';
import { Problem } from '../protocol/problem.ts';
import { parseScope, type Scope } from '../protocol/scope.ts';
import { catchUp, type ReplayDeps } from './replay.ts';
import type { ResumePlan } from './resume.ts';
import type { Sink } from './sink.ts';
import { Stream, type StreamOwner } from './stream.ts';

export interface StreamLimits {
  /** Between two keepalive comments on a stream, in ms. */
  readonly heartbeatMs: number;
  /** How long a client that was cut off waits before it comes back: this long to three times as long, in ms. */
  readonly retryMs: number;
  /** A stream ends after about this long, up to a tenth earlier, so that not all end together. Milliseconds. */
  readonly maxAgeMs: number;
  readonly maxUnsentBytes: number;
  /** How long a reader may take nothing while something is unsent for it, in ms. */
  readonly maxStallMs: number;
  /** Streams of this process. */
  readonly maxStreams: number;
  /** Of one user, whether a player or not. */
  readonly maxStreamsPerPlayer: number;
}

/** Told of streams as they come and go. */
export interface StreamObserver {
  opened(stream: Stream): void;
  closed(stream: Stream): void;
}

export interface StreamsDeps extends ReplayDeps {
  readonly limits: StreamLimits;
  /** The standings that a stream begins with: the lines of their data, which streams share. */
  readonly snapshot?: (contestId: number, stream: Stream) => Promise<Bytes | undefined>;
}

export interface OpenRequest {
  readonly owner: StreamOwner;
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  readonly requested: string | undefined;
  readonly plan: ResumePlan;
  /** When the right to the stream ends. */
  readonly expiresAt: Date;
}

/** Every so many heartbeats a quiet stream is sent its position. */
const POSITION_EVERY = 4;
const TICK_MS = 1_000;
/** How far apart streams are closed that are closed over a time. Milliseconds. */
const SPREAD_STEP_MS = 20;

interface Beat {
  /** By the clock that nobody sets (`performance.now()`): a step back must not silence streams. */
  next: number;
  count: number;
}

/** The open streams of this process. */
export class Streams {
  readonly #deps: StreamsDeps;
  readonly #streams = new Map<string, Stream>();
  readonly #beats = new Map<Stream, Beat>();
  readonly #byUser = new Map<number, Set<Stream>>();
  readonly #observers: StreamObserver[] = [];
  #ticker: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(deps: StreamsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#ticker = setInterval(() => this.#tick(Date.now()), TICK_MS);
    this.#ticker.unref();
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

  [Symbol.iterator](): Iterator<Stream> {
    return this.#streams.values();
  }

  /**
   * Whether another stream may be opened.
   * @throws Problem `shutting-down`, `overloaded`
   */
  admit(): void {
    if (this.#closing) throw new Problem('shutting-down', { retryAfter: 2 });
    if (this.#streams.size >= this.#deps.limits.maxStreams)
      throw new Problem('overloaded', { retryAfter: 5 });
  }

  /** Opens a stream over a response whose headers are on their way. */
  open(request: OpenRequest, sink: Sink): Stream {
    const { limits, epoch } = this.#deps;
    const now = Date.now();
    const rotatesAt = new Date(now + limits.maxAgeMs * (0.9 + Math.random() * 0.1));
    const stream = new Stream({
      id: randomUUID(),
      owner: request.owner,
      scopes: request.scopes,
      filter: request.filter,
      sink,
      epoch: epoch(),
      position: request.plan.from,
      expiresAt: request.expiresAt,
      rotatesAt,
      maxUnsentBytes: limits.maxUnsentBytes,
      maxStallMs: limits.maxStallMs,
    });
    this.#register(stream);
    const { recovered, lost, stale } = request.plan;
    const open: StreamOpen = {
      streamId: stream.id,
      scopes: stream.scopes,
      requested: request.requested?.slice(0, 64) ?? null,
      recovered,
      ...(lost ? { lost } : {}),
      ...(stale ? { stale } : {}),
      heartbeatMs: limits.heartbeatMs,
      expiresAt: new Date(Math.min(request.expiresAt.getTime(), rotatesAt.getTime())).toISOString(),
      serverTime: new Date(now).toISOString(),
    };
    stream.send('stream-open', open, { retryMs: reconnectionTime(limits.retryMs) });
    void this.#begin(stream, stale !== undefined);
    return stream;
  }

  /** Ends every stream of a player, a user, or whoever the test names. Returns how many there were. */
  closeWhere(matches: (stream: Stream) => boolean, reason: CloseReason): number {
    const found = [...this.#streams.values()].filter(matches);
    for (const stream of found) stream.close(reason);
    return found.length;
  }

  /** Ends all streams and opens no more. */
  close(): void {
    this.#closing = true;
    clearInterval(this.#ticker);
    this.closeWhere(() => true, 'shutdown');
  }

  /**
   * The same, but streams end one after the other in a random order, so that their clients do not all come back at the
   * same moment.
   *
   * @param spreadMs how long that takes, in ms
   */
  async closeOver(spreadMs: number): Promise<void> {
    this.#closing = true;
    // Ids are random, so their order is, too.
    const streams = [...this.#streams.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
    const startedAt = performance.now();
    for (let closed = 0; closed < streams.length; ) {
      const share = Math.min(1, (performance.now() - startedAt + SPREAD_STEP_MS) / spreadMs);
      for (; closed < streams.length * share; closed++) streams[closed]?.close('shutdown');
      if (closed < streams.length) await sleep(SPREAD_STEP_MS);
    }
    this.close();
  }

  async #begin(stream: Stream, stale: boolean): Promise<void> {
    try {
      const snapshotAt = await this.#sendSnapshots(stream);
      await catchUp(stream, this.#deps, { snapshotAt, stale });
    } catch (error) {
      this.#deps.onError?.(error);
      stream.close('reset');
    }
  }

  /** Standings come whole, once; the changes up to then are not replayed. */
  async #sendSnapshots(stream: Stream): Promise<number> {
    const { snapshot, hub } = this.#deps;
    const contests = new Set(stream.scopes.flatMap(contestOfStandings));
    if (!snapshot || contests.size === 0) return 0;
    const at = hub.position;
    for (const contestId of contests) {
      const bytes = await snapshot(contestId, stream);
      if (!bytes || stream.state === 'closed') continue;
      stream.sendShared('leaderboard-snapshot', bytes);
      await stream.drained();
    }
    return at;
  }

  #register(stream: Stream): void {
    this.#streams.set(stream.id, stream);
    // The first beat comes at a random moment, so that streams opened together do not beat together.
    const first = performance.now() + Math.random() * this.#deps.limits.heartbeatMs;
    this.#beats.set(stream, { next: first, count: 0 });
    const { userId } = stream.owner;
    const same = this.#byUser.get(userId) ?? new Set();
    this.#byUser.set(userId, same.add(stream));
    const [oldest] = same;
    if (same.size > this.#deps.limits.maxStreamsPerPlayer) oldest?.close('replaced');
    for (const observer of this.#observers) observer.opened(stream);
    stream.onClosed((closed) => this.#unregister(closed));
  }

  #unregister(stream: Stream): void {
    this.#deps.hub.leave(stream);
    this.#streams.delete(stream.id);
    this.#beats.delete(stream);
    const { userId } = stream.owner;
    const same = this.#byUser.get(userId);
    if (same?.delete(stream) && same.size === 0) this.#byUser.delete(userId);
    for (const observer of this.#observers) observer.closed(stream);
  }

  #tick(now: number): void {
    const { hub, epoch, limits } = this.#deps;
    const beatsAt = performance.now();
    const cursor = formatCursor(hub.settled, epoch());
    const keepalive = encodeBytes(encodeComment(`keepalive ${cursor}`));
    for (const [stream, beat] of this.#beats) {
      stream.limitStall(beatsAt);
      if (stream.state === 'closed') continue;
      if (stream.expiresAt.getTime() <= now) stream.close('expired');
      else if (stream.rotatesAt.getTime() <= now) stream.close('rotated');
      else if (beat.next <= beatsAt) {
        beat.next = beatsAt + limits.heartbeatMs;
        beat.count++;
        const moved = stream.state === 'live' && stream.announced < hub.settled;
        if (moved && beat.count % POSITION_EVERY === 0) this.#sendPosition(stream, now);
        else stream.writeBytes(keepalive);
      }
    }
  }

  /** Moves a quiet stream's cursor on, so that a later resume does not start in a past that is no longer kept. */
  #sendPosition(stream: Stream, now: number): void {
    const position = Math.max(stream.position, this.#deps.hub.settled);
    stream.announced = position;
    stream.writeBytes(
      encodeBytes(
        encodeFrame({
          id: formatCursor(position, this.#deps.epoch()),
          event: 'position',
          data: JSON.stringify({ serverTime: new Date(now).toISOString() }),
        }),
      ),
    );
  }
}

function contestOfStandings(scope: Scope): number[] {
  const parsed = parseScope(scope);
  return parsed?.kind === 'leaderboard' || parsed?.kind === 'real' ? [parsed.id] : [];
}

/** Spread out, so that a crowd that was cut off together does not come back together. */
function reconnectionTime(shortestMs: number): number {
  return Math.floor(shortestMs * (1 + 2 * Math.random()));
}
