import type { Scope } from '../protocol/scope.ts';
import type { LiveFrame } from './live-frame.ts';
import { Queue } from './queue.ts';

/** Max size of a ring; the oldest frames are evicted. */
export interface RingLimits {
  readonly frames: number;
  /** Of `LiveFrame.weight`. */
  readonly bytes: number;
}

/**
 * Buffer of the most recent frames: every frame above `floor`. Serves streams that resume after a short break without a
 * query. Frames are indexed by scope, so that a stream costs its own frames only.
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

  /** Position above which every frame is in the ring. */
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

  /** Frames of `scopes` above `after`, in order; undefined where `after` is below the floor. */
  since(after: number, scopes: readonly Scope[]): LiveFrame[] | undefined {
    if (after < this.#floor) return undefined;
    const parts = scopes
      .map((scope) => this.#byScope.get(scope)?.above(after) ?? [])
      .filter((part) => part.length > 0);
    const found = parts.flat();
    return parts.length > 1 ? found.sort((a, b) => a.id - b.id) : found;
  }

  /** Drops all frames and continues after `floor`. */
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
