import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '../protocol/scope.ts';
import { MultiMap } from '../util/multi-map.ts';
import { type Batch, Turn, type TypeFilter } from './batch.ts';
import type { LiveFrame } from './live-frame.ts';

/** A stream as the hub sees it: the scopes that it listens to, and how far it has received their frames. */
export interface ChannelListener {
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  /** Position up to which it has received all of its frames. Written by the hub while it is joined. */
  position: number;
  /** Descriptor of the socket that it writes to, where it has one and nothing waits to be written; undefined otherwise. */
  readonly descriptor?: number | undefined;
  /** @param sent bytes of `batch.chunk` that its socket has taken already */
  deliver(batch: Batch, sent?: number): void;
}

/**
 * Writes bytes to each of the first `count` descriptors, without waiting. `sent` receives the number of bytes that each took: 0
 * where it took none, or failed.
 */
export type SendToAll = (descriptors: Int32Array, count: number, bytes: Buffer, sent: Int32Array) => void;

export interface HubOptions {
  /** Receives a listener whose delivery failed, after it was removed. */
  readonly onError?: (error: unknown, listener: ChannelListener) => void;
  /** Writes to the sockets of many listeners at once. Default: each listener writes by itself. */
  readonly send?: SendToAll | undefined;
  /** Waits for a number of ms. Default: a timer. */
  readonly pause?: (ms: number) => Promise<void>;
}

/**
 * Duration of a slice of a turn before it yields to the event loop, in ms. Publishing goes on between slices, and each of its
 * steps waits for one: slices are short while streams are close behind the log. They grow with the age of the turn's oldest
 * frame, so that under any load fan-out gets the share that it needs.
 */
const SLICE = { minMs: 1, maxMs: 16, ofAge: 1 / 32 };
/**
 * Pause between two turns while frames arrive faster than turns deliver them, as a part of what the deliveries of the last turn took.
 * Publishing has the time alone, and the next turn delivers more frames in as many writes.
 */
const PAUSE = { maxMs: 25, ofTurn: 2 };

/** Deliveries between two readings of the clock, and max listeners that are written to at once. */
const GROUP = 32;

/**
 * Fan-out to the channels of this process. Frames arrive in the log's order; a turn takes all that arrived since the last
 * one and delivers each listener its part in a single write. A turn runs in slices, and the next begins when it is done, so
 * that turns grow under load instead of queueing up.
 */
export class Hub {
  readonly #channels = new MultiMap<Scope, ChannelListener>();
  /** Listeners that left during the current turn. */
  readonly #left = new Set<ChannelListener>();
  readonly #options: HubOptions;
  readonly #pause: (ms: number) => Promise<void>;
  /** Listeners that are delivered the same batch next. */
  readonly #group: ChannelListener[] = [];
  readonly #descriptors = new Int32Array(GROUP);
  readonly #sent = new Int32Array(GROUP);
  #waiting: LiveFrame[] = [];
  /** When the first of the frames that wait was accepted (`performance.now()`). */
  #waitingSince = 0;
  #current: Turn | undefined;
  #turning = false;
  /** Callers that wait in `moved`. */
  #moveWaiters: (() => void)[] = [];
  /** Callers that wait in `drained`, by ascending position. */
  #drainWaiters: { readonly through: number; readonly done: () => void }[] = [];
  #position: number;
  #settled: number;
  #offset = 0;
  #delivered = 0;

  constructor(position: number, options: HubOptions = {}) {
    this.#position = position;
    this.#settled = position;
    this.#options = options;
    this.#pause = options.pause ?? sleep;
  }

  /** Position up to which frames are in the current turn or an earlier one. A listener must be at it to join. */
  get position(): number {
    return this.#position;
  }

  /** Position up to which every joined listener has received its frames. */
  get settled(): number {
    return this.#settled;
  }

  /** Number of frames delivered to listeners since the start. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Listeners that are joined to a scope. */
  listenersOf(scope: Scope): Iterable<ChannelListener> {
    return this.#channels.get(scope) ?? [];
  }

  /** Number of listeners per scope. */
  *channels(): Iterable<readonly [Scope, number]> {
    for (const scope of this.#channels.keys()) yield [scope, this.#channels.count(scope)];
  }

  /**
   * Adds a listener that is at the hub's position: it receives every later frame of its scopes.
   * @throws RangeError when it is at another position, since it would miss or repeat frames
   */
  join(listener: ChannelListener): void {
    if (listener.position !== this.#position)
      throw new RangeError('a listener joins at the position of the hub');
    for (const scope of listener.scopes) this.#channels.add(scope, listener);
  }

  /** Removes a listener: nothing more is delivered to it. */
  leave(listener: ChannelListener): void {
    if (this.#current) this.#left.add(listener);
    for (const scope of listener.scopes) this.#channels.delete(scope, listener);
  }

  /** Takes the next frames of the log, in order. */
  accept(frames: readonly LiveFrame[]): void {
    if (this.#waiting.length === 0) this.#waitingSince = performance.now();
    for (const frame of frames) this.#waiting.push(frame);
    if (!this.#turning && this.#waiting.length > 0) {
      this.#turning = true;
      void this.#turn();
    }
  }

  /** Continues after `position`; drops frames that are not delivered yet. */
  reset(position: number): void {
    this.#waiting = [];
    this.#current = undefined;
    this.#settled = position;
    this.#move(position);
    this.#resolveDrained(Number.POSITIVE_INFINITY);
  }

  /** Resolves when the position has moved: with the next turn, or a reset. */
  moved(): Promise<void> {
    return new Promise((resolve) => this.#moveWaiters.push(resolve));
  }

  #move(position: number): void {
    this.#position = position;
    const waiters = this.#moveWaiters;
    this.#moveWaiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Resolves when all frames accepted so far are delivered, however many follow. */
  async drained(): Promise<void> {
    const through = this.#waiting.at(-1)?.id ?? this.#position;
    if (through > this.#settled)
      await new Promise<void>((done) => this.#drainWaiters.push({ through, done }));
  }

  async #turn(): Promise<void> {
    // Frames accepted in the same tick belong to the same turn.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const turn = new Turn(this.#waiting);
      const acceptedAt = this.#waitingSince;
      this.#waiting = [];
      this.#move(turn.through);
      this.#current = turn;
      const deliveringMs = await this.#deliverTurn(turn, acceptedAt);
      if (this.#current === turn) this.#settled = turn.through;
      this.#current = undefined;
      this.#left.clear();
      this.#resolveDrained(this.#settled);
      if (this.#waiting.length > 0) await this.#pause(Math.min(PAUSE.maxMs, deliveringMs * PAUSE.ofTurn));
    }
    this.#turning = false;
  }

  #resolveDrained(through: number): void {
    const first = this.#drainWaiters.findIndex((waiter) => waiter.through > through);
    const drained = this.#drainWaiters.splice(0, first < 0 ? this.#drainWaiters.length : first);
    for (const { done } of drained) done();
  }

  /**
   * @param acceptedAt when its oldest frame was accepted
   * @returns time that the deliveries took, without what ran between slices, ms
   */
  async #deliverTurn(turn: Turn, acceptedAt: number): Promise<number> {
    let beganAt = performance.now();
    let deliveringMs = 0;
    const listeners = this.#listenersOf(turn);
    // Each turn begins with another listener, so that none is always last.
    const start = listeners.length === 0 ? 0 : this.#offset++ % listeners.length;
    let sliceEnds = sliceEndOf(acceptedAt);
    let batch: Batch | undefined;
    for (let i = 0; i < listeners.length; i++) {
      const at = start + i;
      const listener = listeners[at < listeners.length ? at : at - listeners.length] as ChannelListener;
      if (listener.position < turn.through && (this.#left.size === 0 || !this.#left.has(listener))) {
        const own = turn.batchFor(listener.scopes, listener.filter);
        if (own !== batch) this.#deliverGroup(batch);
        batch = own;
        listener.position = turn.through;
        if (own) this.#group.push(listener);
      }
      if (i % GROUP === GROUP - 1) {
        this.#deliverGroup(batch);
        const now = performance.now();
        if (now <= sliceEnds) continue;
        deliveringMs += now - beganAt;
        await new Promise(setImmediate);
        if (this.#current !== turn) return deliveringMs;
        beganAt = performance.now();
        sliceEnds = sliceEndOf(acceptedAt);
      }
    }
    this.#deliverGroup(batch);
    return deliveringMs + performance.now() - beganAt;
  }

  /** Delivers a batch to the listeners of the group, and empties it. */
  #deliverGroup(batch: Batch | undefined): void {
    const group = this.#group;
    const { send } = this.#options;
    if (!batch || group.length === 0) return;
    let count = 0;
    if (send) {
      // Those with a descriptor first. No callback runs between the look at one and the write: it is still that of the listener's socket.
      for (let at = 0; at < group.length; at++) {
        const listener = group[at] as ChannelListener;
        const { descriptor } = listener;
        if (descriptor === undefined) continue;
        this.#descriptors[count] = descriptor;
        group[at] = group[count] as ChannelListener;
        group[count++] = listener;
      }
      if (count > 0) this.#sendTo(send, count, batch);
    }
    for (let at = 0; at < group.length; at++)
      this.#deliver(group[at] as ChannelListener, batch, at < count ? (this.#sent[at] as number) : 0);
    group.length = 0;
  }

  #sendTo(send: SendToAll, count: number, batch: Batch): void {
    try {
      send(this.#descriptors, count, batch.chunk, this.#sent);
    } catch {
      // Where the batch has no bytes, each delivery fails with the same error, and is reported.
      this.#sent.fill(0);
    }
  }

  #deliver(listener: ChannelListener, batch: Batch, sent: number): void {
    try {
      listener.deliver(batch, sent);
      this.#delivered += batch.frames.length;
    } catch (error) {
      // The listener has a gap now; the others go on.
      this.leave(listener);
      this.#options.onError?.(error, listener);
    }
  }

  #listenersOf(turn: Turn): ChannelListener[] {
    const found = new Set<ChannelListener>();
    let single: Iterable<ChannelListener> | undefined;
    let active = 0;
    for (const scope of turn.scopes) {
      const listeners = this.#channels.get(scope);
      if (!listeners) continue;
      active++;
      single = listeners;
    }
    if (active === 1 && single) return [...single];
    for (const scope of turn.scopes)
      for (const listener of this.#channels.get(scope) ?? []) found.add(listener);
    return [...found];
  }
}

/** When a slice ends that begins now. @param acceptedAt when the oldest frame of its turn was accepted */
function sliceEndOf(acceptedAt: number): number {
  const now = performance.now();
  return now + Math.min(SLICE.maxMs, Math.max(SLICE.minMs, (now - acceptedAt) * SLICE.ofAge));
}
