import type { EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';
import type { Bytes, LiveFrame } from './live-frame.ts';

/** Frames that are written together, joined when first wanted and shared by every stream that gets the same ones. */
export class Batch implements Bytes {
  readonly frames: readonly LiveFrame[];
  #chunk: Buffer | undefined;
  #plain: Buffer | undefined;

  constructor(frames: readonly LiveFrame[]) {
    this.frames = frames;
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

/** Which types a stream wants. Streams with the same filter share a `key`. */
export interface TypeFilter {
  readonly key: string;
  readonly types: ReadonlySet<EventType>;
}

/** The frames of one turn, by scope, and the batches already made of them. */
export class Turn {
  /** The position of the turn's last frame: who is there already has seen the turn. */
  readonly through: number;
  readonly #byScope = new Map<Scope, LiveFrame[]>();
  readonly #batches = new Map<string, Batch | undefined>();

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

  /** What a stream gets in this turn: the same object for all streams that get the same; `undefined` for nothing. */
  batchFor(scopes: readonly Scope[], filter: TypeFilter | undefined): Batch | undefined {
    const spoken = scopes.length === 1 ? scopes : scopes.filter((scope) => this.#byScope.has(scope));
    const key = `${spoken.join(' ')}${filter ? `?${filter.key}` : ''}`;
    if (this.#batches.has(key)) return this.#batches.get(key);
    let frames = spoken.flatMap((scope) => this.#byScope.get(scope) ?? []);
    if (spoken.length > 1) frames.sort((a, b) => a.id - b.id);
    if (filter) frames = frames.filter((frame) => filter.types.has(frame.type));
    const batch = frames.length === 0 ? undefined : new Batch(frames);
    this.#batches.set(key, batch);
    return batch;
  }
}

function join(buffers: Buffer[]): Buffer {
  return buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers);
}
