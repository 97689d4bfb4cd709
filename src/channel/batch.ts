import type { EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';
import type { Bytes, LiveFrame } from './live-frame.ts';

/** Frames of one write. Their bytes are concatenated on first use, and shared by all streams that get the same frames. */
export class Batch implements Bytes {
  readonly frames: readonly LiveFrame[];
  readonly last: LiveFrame | undefined;
  #chunk: Buffer | undefined;
  #plain: Buffer | undefined;

  constructor(frames: readonly LiveFrame[]) {
    this.frames = frames;
    this.last = frames.at(-1);
  }

  get chunk(): Buffer {
    this.#chunk ??= join(this.frames.map((frame) => frame.chunk));
    return this.#chunk;
  }

  get plain(): Buffer {
    this.#plain ??= join(this.frames.map((frame) => frame.plain));
    return this.#plain;
  }
}

/** Event types that a stream receives. Equal filters have the same `key`. */
export interface TypeFilter {
  readonly key: string;
  readonly types: ReadonlySet<EventType>;
}

/** Frames of one turn by scope, with the batches already made of them. */
export class Turn {
  /** Position of the turn's last frame: a listener at this position has seen the turn. */
  readonly through: number;
  readonly #byScope = new Map<Scope, LiveFrame[]>();
  readonly #batches = new Map<string, Batch | undefined>();
  /** The last answer for a single scope without a filter: most listeners of a turn ask for the same. */
  #lastScope: Scope | undefined;
  #lastBatch: Batch | undefined;

  constructor(frames: readonly LiveFrame[]) {
    this.through = frames.at(-1)?.id ?? 0;
    for (const frame of frames) {
      const same = this.#byScope.get(frame.scope);
      if (same) same.push(frame);
      else this.#byScope.set(frame.scope, [frame]);
    }
  }

  get scopes(): Iterable<Scope> {
    return this.#byScope.keys();
  }

  /** The frames of this turn for a listener: one shared object per set of frames; undefined for none. */
  batchFor(scopes: readonly Scope[], filter: TypeFilter | undefined): Batch | undefined {
    if (scopes.length > 1 || filter !== undefined) return this.#batchOf(scopes, filter);
    if (scopes[0] !== this.#lastScope) {
      this.#lastBatch = this.#batchOf(scopes, filter);
      this.#lastScope = scopes[0];
    }
    return this.#lastBatch;
  }

  #batchOf(scopes: readonly Scope[], filter: TypeFilter | undefined): Batch | undefined {
    const active = scopes.length === 1 ? scopes : scopes.filter((scope) => this.#byScope.has(scope));
    const key = `${active.join(' ')}${filter ? `?${filter.key}` : ''}`;
    if (this.#batches.has(key)) return this.#batches.get(key);
    let frames = active.flatMap((scope) => this.#byScope.get(scope) ?? []);
    if (active.length > 1) frames.sort((a, b) => a.id - b.id);
    if (filter) frames = frames.filter((frame) => filter.types.has(frame.type));
    const batch = frames.length === 0 ? undefined : new Batch(frames);
    this.#batches.set(key, batch);
    return batch;
  }
}

function join(buffers: Buffer[]): Buffer {
  return buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers);
}
