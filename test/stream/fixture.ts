import { Hub } from '../../src/channel/hub.ts';
import { Ring } from '../../src/channel/ring.ts';
import { Terms } from '../../src/log/terms.ts';
import type { Sink } from '../../src/stream/sink.ts';
import type { Stream, StreamOwner } from '../../src/stream/stream.ts';
import type { StreamLimits } from '../../src/stream/stream-limits.ts';
import { type OpenRequest, Streams, type StreamsDeps } from '../../src/stream/streams.ts';
import { Semaphore } from '../../src/util/semaphore.ts';
import { readEventStream } from '../support/wire/event-stream.ts';

/** Epoch of every log in these tests. */
export const EPOCH = 'k7f2';

/** Limits that no test reaches unless it sets one. */
export const LIMITS: StreamLimits = {
  heartbeatMs: 60_000,
  retryMs: 1_000,
  maxAgeMs: 3_600_000,
  maxUnsentBytes: 1_000_000,
  maxStallMs: 30_000,
  maxStreams: 20_000,
  maxStreamsPerPlayer: 20_000,
};

export const OWNER: StreamOwner = {
  userId: 1,
  playerId: undefined,
  role: 'PLAYER',
  issuedAt: new Date(),
  ticketId: undefined,
  address: undefined,
  userAgent: undefined,
};

export interface StreamsOptions extends Partial<Omit<StreamsDeps, 'limits'>> {
  readonly limits?: Partial<StreamLimits>;
}

/** Streams over an empty log, where the options give no other. */
export function createStreams({ limits, ...deps }: StreamsOptions = {}): Streams {
  return new Streams({
    hub: new Hub(0),
    ring: new Ring({ frames: 10, bytes: 10_000 }, 0),
    query: async () => [],
    semaphore: new Semaphore(1),
    terms: () => new Terms([{ number: 1, word: EPOCH, firstId: 0 }]),
    refresh: async () => {},
    ...deps,
    limits: { ...LIMITS, ...limits },
  });
}

/** Opens a stream of `global` after position `from`, where the request says nothing else. */
export function openStream(
  streams: Streams,
  sink: Sink,
  { from = 0, ...request }: Partial<OpenRequest> & { readonly from?: number } = {},
): Stream {
  return streams.open(
    {
      owner: OWNER,
      scopes: ['global'],
      filter: undefined,
      requested: undefined,
      plan: { from, recovered: true, gapsThrough: 0 },
      expiresAt: new Date(Date.now() + 3_600_000),
      ...request,
    },
    sink,
  );
}

/** A response that takes everything at once. `state` can make its writes fail, and says whether it ended. */
export function createSink() {
  const written: Buffer[] = [];
  const state = { failing: false, ended: false };
  const sink: Sink = {
    write({ plain }) {
      if (state.failing) throw new Error('the response is broken');
      written.push(Buffer.from(plain));
    },
    unsent: 0,
    taken: 0,
    drained: async () => {},
    end: () => {
      state.ended = true;
    },
    cut: () => {},
    onClose: () => {},
  };
  return { sink, state, read: () => readEventStream(Buffer.concat(written)) };
}
