import type { Scope } from '../protocol/scope.ts';
import { type Batch, Turn, type TypeFilter } from './batch.ts';
import type { LiveFrame } from './live-frame.ts';

/** What listens to channels: a stream, as far as the hub knows it. */
export interface Listener {
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  /** Everything up to here was given to it or is not for it. Written by the hub while it listens. */
  position: number;
  deliver(batch: Batch): void;
}

/** A turn works so long before it lets others run. Milliseconds. */
const SLICE_MS = 4;
/** So many deliveries go between two looks at the clock. */
const CLOCK_EVERY = 64;

/**
 * The channels of this process. Frames come in the log's order; a turn takes all that came since the last one and
 * gives each listener its part in a single write. A turn works in slices, and the next begins when it is done, so
 * under load turns grow instead of queueing up.
 */
export class Hub {
  readonly #channels = new Map<Scope, Set<Listener>>();
  /** Who left during the turn under way. */
  readonly #left = new Set<Listener>();
  readonly #onError: ((error: unknown, listener: Listener) => void) | undefined;
  #waiting: LiveFrame[] = [];
  #current: Turn | undefined;
  #turning = false;
  /** Who waits for frames to be given out, by how far: ascending. */
  #watching: { readonly through: number; readonly done: () => void }[] = [];
  #position: number;
  #settled: number;
  #offset = 0;
  #delivered = 0;

  /** @param onError told of a listener that could not take its frames; it has been removed */
  constructor(position: number, onError?: (error: unknown, listener: Listener) => void) {
    this.#position = position;
    this.#settled = position;
    this.#onError = onError;
  }

  /** Frames up to here are in a turn that began, or in an earlier one. Who joins must have seen them. */
  get position(): number {
    return this.#position;
  }

  /** Every listener that was there has been given its frames up to here. */
  get settled(): number {
    return this.#settled;
  }

  /** How many frames were handed to listeners since the start. */
  get delivered(): number {
    return this.#delivered;
  }

  /** How many listeners each scope has. */
  *channels(): Iterable<readonly [Scope, number]> {
    for (const [scope, listeners] of this.#channels) yield [scope, listeners.size];
  }

  /**
   * Adds a listener whose position is the hub's own: it gets every later frame of its scopes.
   * @throws RangeError when it has not seen everything up to the hub's position, since it would miss frames
   */
  join(listener: Listener): void {
    if (listener.position !== this.#position)
      throw new RangeError('a listener joins at the position of the hub');
    for (const scope of listener.scopes) {
      const listeners = this.#channels.get(scope);
      if (listeners) listeners.add(listener);
      else this.#channels.set(scope, new Set([listener]));
    }
  }

  /** From here on it is given nothing more. */
  leave(listener: Listener): void {
    if (this.#current) this.#left.add(listener);
    for (const scope of listener.scopes) {
      const listeners = this.#channels.get(scope);
      if (listeners?.delete(listener) && listeners.size === 0) this.#channels.delete(scope);
    }
  }

  /** The next frames of the log, in order. */
  accept(frames: readonly LiveFrame[]): void {
    for (const frame of frames) this.#waiting.push(frame);
    if (!this.#turning && this.#waiting.length > 0) {
      this.#turning = true;
      void this.#turn();
    }
  }

  /** Goes on after `position`, without what was waiting and what was not given out yet. */
  reset(position: number): void {
    this.#waiting = [];
    this.#current = undefined;
    this.#position = position;
    this.#settled = position;
    this.#tell(Number.POSITIVE_INFINITY);
  }

  /** Resolves when everything that was accepted up to now has been given out, however much follows it. */
  async drained(): Promise<void> {
    const through = this.#waiting.at(-1)?.id ?? this.#position;
    if (through > this.#settled) await new Promise<void>((done) => this.#watching.push({ through, done }));
  }

  async #turn(): Promise<void> {
    // What follows in the same tick belongs to the same turn.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const turn = new Turn(this.#waiting);
      this.#waiting = [];
      this.#position = turn.through;
      this.#current = turn;
      await this.#giveOut(turn);
      if (this.#current === turn) this.#settled = turn.through;
      this.#current = undefined;
      this.#left.clear();
      this.#tell(this.#settled);
    }
    this.#turning = false;
  }

  #tell(through: number): void {
    const still = this.#watching.findIndex((one) => one.through > through);
    const told = this.#watching.splice(0, still < 0 ? this.#watching.length : still);
    for (const { done } of told) done();
  }

  async #giveOut(turn: Turn): Promise<void> {
    const listeners = this.#listenersOf(turn);
    // Each turn begins with another listener, so that nobody is always last.
    const start = listeners.length === 0 ? 0 : this.#offset++ % listeners.length;
    let sliceEnds = performance.now() + SLICE_MS;
    for (let i = 0; i < listeners.length; i++) {
      const listener = listeners[(start + i) % listeners.length] as Listener;
      if (listener.position < turn.through && !this.#left.has(listener)) {
        const batch = turn.batchFor(listener.scopes, listener.filter);
        listener.position = turn.through;
        if (batch) this.#deliver(listener, batch);
      }
      if (i % CLOCK_EVERY === CLOCK_EVERY - 1 && performance.now() > sliceEnds) {
        await new Promise(setImmediate);
        if (this.#current !== turn) return;
        sliceEnds = performance.now() + SLICE_MS;
      }
    }
  }

  #deliver(listener: Listener, batch: Batch): void {
    try {
      listener.deliver(batch);
      this.#delivered += batch.frames.length;
    } catch (error) {
      // It must not stop the others, and it has a gap now.
      this.leave(listener);
      this.#onError?.(error, listener);
    }
  }

  #listenersOf(turn: Turn): Listener[] {
    const found = new Set<Listener>();
    let single: Set<Listener> | undefined;
    let spoken = 0;
    for (const scope of turn.scopes) {
      const listeners = this.#channels.get(scope);
      if (!listeners) continue;
      spoken++;
      single = listeners;
    }
    if (spoken === 1 && single) return [...single];
    for (const scope of turn.scopes)
      for (const listener of this.#channels.get(scope) ?? []) found.add(listener);
    return [...found];
  }
}
