import { TtlCache } from '../auth/ttl-cache.ts';
import { Batch } from '../channel/batch.ts';
import type { LiveFrame } from '../channel/live-frame.ts';

/** Time for which a batch is kept for the streams of a crowd that returns, ms. */
const KEEP_MS = 2_000;
/** Max batches that are kept. */
const MAX_KEPT = 16;

/** Batches of replays: streams that missed the same frames share one, with its bytes. */
export class SharedBatches {
  readonly #kept = new TtlCache<string, Batch>({ ttlMs: KEEP_MS, capacity: MAX_KEPT });

  /** The batch of these frames, of which there is at least one. */
  of(frames: readonly LiveFrame[]): Batch {
    // The bytes of a single frame are shared as they are.
    if (frames.length === 1) return new Batch(frames);
    const key = `${frames[0]?.id}/${frames.at(-1)?.id}/${frames.length}`;
    const known = this.#kept.get(key);
    if (known?.frames.every((frame, index) => frame === frames[index])) return known;
    const batch = new Batch(frames);
    this.#kept.set(key, batch);
    return batch;
  }
}
