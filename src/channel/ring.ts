import type { Scope } from '../protocol/scope.ts';
import type { LiveFrame } from './live-frame.ts';

export interface RingLimits {
  readonly frames: number;
  readonly bytes: number;
}

/**
 * The most recent frames, whole: every frame above `floor` is here. Streams that come back after a moment are served
 * from it without asking the database. Frames are also kept by scope, so that a stream costs its own frames only.
 */
export class Ring {
  readonly #limits: RingLimits;
  readonly #frames = new Queue<LiveFrame>();
  readonly #byScope = new Map<Scope, Queue<LiveFrame>>();
  #floor: number;
  #bytes = 0;

  constructor(limits: RingLimits, floor: number) {
    this.#limits = limits;
    this.#floor = floor;
  }

  /** Every frame above this position is in the ring. */
  get floor(): number {
    return this.#floor;
  }

  get size(): number {
    return this.#frames.size;
  }

  push(frame: LiveFrame): void {
    this.#frames.push(frame);
    let queue = this.#byScope.get(frame.scope);
    if (!queue) {
      queue = new Queue();
      this.#byScope.set(frame.scope, queue);
    }
    queue.push(frame);
    this.#bytes += frame.weight;
    while (this.#frames.size > this.#limits.frames || this.#bytes > this.#limits.bytes) this.#evict();
  }

  /** Frames of these scopes above `after`, in order; `undefined` when the ring does not reach back that far. */
  since(after: number, scopes: readonly Scope[]): LiveFrame[] | undefined {
    if (after < this.#floor) return undefined;
    const parts = scopes
      .map((scope) => this.#byScope.get(scope)?.above(after) ?? [])
      .filter((part) => part.length > 0);
    const found = parts.flat();
    return parts.length > 1 ? found.sort((a, b) => a.id - b.id) : found;
  }

  /** Forgets everything: what comes next begins after `floor`. */
  reset(floor: number): void {
    this.#frames.clear();
    this.#byScope.clear();
    this.#bytes = 0;
    this.#floor = floor;
  }

  #evict(): void {
    const frame = this.#frames.shift();
    if (!frame) return;
    this.#floor = frame.id;
    this.#bytes -= frame.weight;
    const queue = this.#byScope.get(frame.scope);
    queue?.shift();
    if (queue?.size === 0) this.#byScope.delete(frame.scope);
  }
}

/** First in, first out, by ascending id, without moving what stays. */
class Queue<T extends { readonly id: number }> {
  #items: (T | undefined)[] = [];
  #start = 0;

  get size(): number {
    return this.#items.length - this.#start;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#start];
    if (item === undefined) return undefined;
    // Let go at once: the array itself is cut only now and then.
    this.#items[this.#start++] = undefined;
    if (this.#start > 64 && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }

  /** The items whose id is above `id`. */
  above(id: number): T[] {
    let low = this.#start;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#items[middle] as T).id <= id) low = middle + 1;
      else high = middle;
    }
    return this.#items.slice(low) as T[];
  }

  clear(): void {
    this.#items = [];
    this.#start = 0;
  }
}
