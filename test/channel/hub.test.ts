import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Batch, TypeFilter } from '../../src/channel/batch.ts';
import { type ChannelListener, Hub } from '../../src/channel/hub.ts';
import type { LiveFrame } from '../../src/channel/live-frame.ts';
import { EVENT_TYPES, type EventType } from '../../src/protocol/event.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import { frameOf, framesAfter, SOME_SCOPES, someScopes } from '../support/wire/frames.ts';

class Recorder implements ChannelListener {
  readonly scopes: readonly Scope[];
  readonly filter: TypeFilter | undefined;
  position: number;
  readonly joinedAt: number;
  leftAt = Number.POSITIVE_INFINITY;
  readonly received: LiveFrame[] = [];
  readonly batches: Batch[] = [];
  /** Descriptor of its socket, which the hub may write to. */
  descriptor: number | undefined;
  /** What its socket took, in order. */
  readonly taken: Buffer[] = [];
  onDeliver: (() => void) | undefined;

  constructor(position: number, scopes: readonly Scope[], types?: readonly EventType[]) {
    this.position = position;
    this.joinedAt = position;
    this.scopes = scopes;
    this.filter = types && { key: types.join(), types: new Set(types) };
  }

  deliver(batch: Batch, sent = 0): void {
    this.onDeliver?.();
    this.batches.push(batch);
    this.taken.push(batch.chunk.subarray(sent));
    for (const frame of batch.frames) this.received.push(frame);
  }

  /** What it must have received of a log. */
  due(log: readonly LiveFrame[]): LiveFrame[] {
    return log.filter(
      (frame) =>
        frame.id > this.joinedAt &&
        frame.id <= this.leftAt &&
        this.scopes.includes(frame.scope) &&
        (!this.filter || this.filter.types.has(frame.type)),
    );
  }
}

const ids = (frames: readonly LiveFrame[]) => frames.map((frame) => frame.id);
const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** From here on every reading of the clock ends the slice, so that turns yield as often as they can. */
function yieldAlways(): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 1_000;
    return now;
  });
}

afterEach(() => void vi.restoreAllMocks());

type Step =
  | { readonly do: 'accept'; readonly frames: number }
  | {
      readonly do: 'join';
      readonly scopes: Scope[];
      readonly types: EventType[] | null;
      readonly direct: boolean;
      readonly crowd: number;
    }
  | { readonly do: 'leave'; readonly which: number }
  | { readonly do: 'wait' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('accept' as const), frames: fc.integer({ min: 1, max: 8 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      scopes: someScopes,
      types: fc.option(fc.subarray(EVENT_TYPES.slice(0, 3))),
      /** Whether every second of them has a socket. */
      direct: fc.boolean(),
      // Turns read the clock every 32 listeners.
      crowd: fc.constantFrom(1, 1, 40, 70),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.constant({ do: 'wait' as const }) },
);

describe('while listeners join and leave in the middle of turns', () => {
  test('each gets exactly its frames, once and in order', async () => {
    yieldAlways();
    await fc.assert(
      fc.asyncProperty(
        framesAfter(100, 120),
        fc.array(step, { minLength: 10, maxLength: 80 }),
        async (log, steps) => {
          const sockets: Recorder[] = [];
          let writes = 0;
          const hub = new Hub(100, {
            pause: nextTurn,
            // By turns a socket takes nothing, a part, or all.
            send(descriptors, count, bytes, sent) {
              for (let at = 0; at < count; at++) {
                const taken = Math.floor((bytes.length * (writes++ % 3)) / 2);
                sockets[descriptors[at] as number]?.taken.push(bytes.subarray(0, taken));
                sent[at] = taken;
              }
            },
          });
          const present: Recorder[] = [];
          const members: Recorder[] = [];
          let accepted = 0;
          for (const step of steps) {
            if (step.do === 'accept') {
              hub.accept(log.slice(accepted, accepted + step.frames));
              accepted = Math.min(log.length, accepted + step.frames);
            } else if (step.do === 'join')
              for (let i = 0; i < step.crowd; i++) {
                const listener = new Recorder(hub.position, step.scopes, step.types ?? undefined);
                if (step.direct && i % 2 === 0) listener.descriptor = sockets.push(listener) - 1;
                hub.join(listener);
                present.push(listener);
                members.push(listener);
              }
            else if (step.do === 'leave') {
              const [gone] = present.splice(step.which % Math.max(1, present.length), 1);
              if (!gone) continue;
              hub.leave(gone);
              gone.leftAt = gone.position;
              // It has all of its frames up to its position, and from here on no more.
              expect(ids(gone.received)).toEqual(ids(gone.due(log)));
            } else await nextTurn();
          }
          await hub.drained();
          for (const listener of members) {
            const due = listener.due(log.slice(0, accepted));
            expect(ids(listener.received)).toEqual(ids(due));
            const bytes = Buffer.concat(due.map((frame) => frame.chunk));
            expect(Buffer.concat(listener.taken).equals(bytes)).toBe(true);
          }
          expect(hub.position).toBe(log[accepted - 1]?.id ?? 100);
          expect(hub.settled).toBe(hub.position);
          expect(hub.delivered).toBe(members.reduce((sum, listener) => sum + listener.received.length, 0));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('settled is never ahead of what was delivered', async () => {
    yieldAlways();
    const hub = new Hub(0);
    const listeners = Array.from({ length: 300 }, () => new Recorder(0, ['global']));
    for (const listener of listeners) hub.join(listener);
    hub.accept([frameOf(1), frameOf(2)]);
    let seenInTheMiddle = false;
    while (hub.settled < 2) {
      const given = listeners.filter((listener) => listener.received.length > 0).length;
      if (given > 0) seenInTheMiddle = true;
      await nextTurn();
    }
    expect(seenInTheMiddle).toBe(true);
    expect(listeners.every((listener) => listener.received.length === 2)).toBe(true);
  });
});

test('slices grow with the age of the frames that are delivered, so that late streams catch up', async () => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const hub = new Hub(0);
  const listeners = Array.from({ length: 2_000 }, () => new Recorder(0, ['global']));
  for (const listener of listeners) {
    hub.join(listener);
    listener.onDeliver = () => {
      now += 0.05;
    };
  }
  const nextSlice = async () => {
    const before = hub.delivered;
    while (hub.delivered === before) await nextTurn();
    return hub.delivered - before;
  };
  hub.accept([frameOf(1)]);
  const young = await nextSlice();
  now += 10_000;
  // The slice that was decided while the frame was young ends first.
  await nextSlice();
  const old = await nextSlice();
  expect(old).toBeGreaterThan(5 * young);
  expect(old).toBeLessThan(listeners.length / 2);
  await hub.drained();
});

test.each([
  [100, 10],
  [2_000, 25],
])(
  'after a turn of %i listeners, publishing has %i ms where more frames wait, and none otherwise',
  async (count, ms) => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const pauses: number[] = [];
    const hub = new Hub(0, {
      pause(pause) {
        pauses.push(pause);
        return nextTurn();
      },
    });
    const listeners = Array.from({ length: count }, () => new Recorder(0, ['global']));
    for (const listener of listeners) {
      hub.join(listener);
      listener.onDeliver = () => {
        now += 0.05;
      };
    }
    hub.accept([frameOf(1)]);
    await hub.drained();
    expect(pauses).toEqual([]);
    hub.accept([frameOf(2)]);
    while (hub.delivered === count) await nextTurn();
    // What else ran between slices is no part of the deliveries.
    now += 1_000;
    hub.accept([frameOf(3)]);
    await hub.drained();
    expect(pauses).toEqual([expect.closeTo(ms, 3)]);
    expect(listeners.every((listener) => listener.received.length === 3)).toBe(true);
  },
);

test('who waits for the position to move goes on with the next turn, and with a reset', async () => {
  const hub = new Hub(0);
  const seen: number[] = [];
  const wait = () => hub.moved().then(() => seen.push(hub.position));
  const both = [wait(), wait()];
  await nextTurn();
  expect(seen).toEqual([]);
  hub.accept([frameOf(7)]);
  await Promise.all(both);
  expect(seen).toEqual([7, 7]);
  const reset = wait();
  hub.reset(3);
  await reset;
  expect(seen).toEqual([7, 7, 3]);
});

test('frames that arrive during a turn are the next turn, in a single delivery', async () => {
  const hub = new Hub(0);
  const listener = new Recorder(0, ['global']);
  hub.join(listener);
  listener.onDeliver = () => {
    listener.onDeliver = undefined;
    for (let id = 2; id <= 50; id++) hub.accept([frameOf(id)]);
  };
  hub.accept([frameOf(1)]);
  await hub.drained();
  await hub.drained();
  expect(listener.batches.map((batch) => batch.frames.length)).toEqual([1, 49]);
});

test('accepted frames are reported as delivered although the hub is never idle', async () => {
  const hub = new Hub(0);
  const listener = new Recorder(0, ['global']);
  hub.join(listener);
  const end = 10_000;
  let next = 1;
  listener.onDeliver = () => {
    if (next < end) hub.accept([frameOf(next++)]);
  };
  hub.accept([frameOf(next++)]);
  for (let round = 0; round < 20; round++) {
    const through = next - 1;
    await hub.drained();
    expect(ids(listener.received)).toContain(through);
    expect(next).toBeLessThan(end);
  }
  next = end;
  await hub.drained();
});

test('no caller waits for frames that a reset dropped', async () => {
  const hub = new Hub(0);
  hub.accept([frameOf(1)]);
  const drained = hub.drained();
  hub.reset(0);
  await drained;
  await hub.drained();
  expect(hub.settled).toBe(0);
});

test('streams with the same frames share the bytes', async () => {
  const hub = new Hub(0);
  const global = [new Recorder(0, ['global']), new Recorder(0, ['global'])] as const;
  const both = [new Recorder(0, ['player:1', 'global']), new Recorder(0, ['player:1', 'global'])] as const;
  const filtered = [0, 1].map(() => new Recorder(0, ['player:1', 'global'], ['LEVEL_UP']));
  for (const listener of [...global, ...both, ...filtered]) hub.join(listener);
  hub.accept([
    frameOf(1, { scope: 'player:1', type: 'LEVEL_UP' }),
    frameOf(2, { scope: 'global', type: 'LEVEL_UP' }),
    frameOf(3, { scope: 'player:1' }),
  ]);
  await hub.drained();
  for (const [a, b] of [global, both, filtered]) expect(a?.batches[0]).toBe(b?.batches[0]);
  expect(both.map((listener) => ids(listener.received))).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(ids(filtered[0]?.received ?? [])).toEqual([1, 2]);
});

test('a listener must join at the position of the hub', async () => {
  const hub = new Hub(10);
  for (const position of [9, 11])
    expect(() => hub.join(new Recorder(position, ['global']))).toThrow(RangeError);
  hub.join(new Recorder(10, ['global']));
});

test('a scope without listeners costs nothing', () => {
  const hub = new Hub(0);
  const listeners = SOME_SCOPES.map((scope) => new Recorder(0, [scope, 'global']));
  for (const listener of listeners) hub.join(listener);
  expect(Object.fromEntries(hub.channels())).toMatchObject({ global: SOME_SCOPES.length, 'player:1': 1 });
  for (const listener of listeners) hub.leave(listener);
  expect([...hub.channels()]).toEqual([]);
});

test('a listener whose delivery fails is removed, and the others continue', async () => {
  const failed: ChannelListener[] = [];
  const hub = new Hub(0, { onError: (_error, listener) => failed.push(listener) });
  const [first, bad, last] = [0, 0, 0].map((position) => new Recorder(position, ['global'])) as [
    Recorder,
    Recorder,
    Recorder,
  ];
  for (const listener of [first, bad, last]) hub.join(listener);
  bad.onDeliver = () => {
    throw new Error('broken');
  };
  hub.accept([frameOf(1)]);
  await hub.drained();
  hub.accept([frameOf(2)]);
  await hub.drained();
  expect(failed).toEqual([bad]);
  expect([first, bad, last].map((listener) => ids(listener.received))).toEqual([[1, 2], [], [1, 2]]);
});

test('a frame that cannot be encoded ends the streams that it is for, and the others continue', async () => {
  const failed: { listener: ChannelListener; error: unknown }[] = [];
  const written: Buffer[] = [];
  const hub = new Hub(0, {
    onError: (error, listener) => failed.push({ error, listener }),
    send(_descriptors, count, bytes, sent) {
      written.push(bytes);
      sent.fill(bytes.length, 0, count);
    },
  });
  const [one, other, apart] = (['global', 'global', 'player:1'] as const).map(
    (scope) => new Recorder(0, [scope]),
  ) as [Recorder, Recorder, Recorder];
  one.descriptor = 1;
  apart.descriptor = 2;
  for (const listener of [one, other, apart]) hub.join(listener);
  const whole = frameOf(2, { scope: 'player:1' });
  hub.accept([frameOf(1, { at: Number.NaN }), whole]);
  await hub.drained();
  expect(new Set(failed.map(({ listener }) => listener))).toEqual(new Set([one, other]));
  for (const { error } of failed) expect(error).toBeInstanceOf(RangeError);
  expect(written).toEqual([whole.chunk]);
  hub.accept([frameOf(3, { scope: 'player:1' })]);
  await hub.drained();
  expect(ids(apart.received)).toEqual([2, 3]);
});

test('after a reset no earlier frame is delivered, not even by the turn under way', async () => {
  yieldAlways();
  const hub = new Hub(100);
  const old = Array.from({ length: 200 }, () => new Recorder(100, ['global']));
  for (const listener of old) hub.join(listener);
  hub.accept([frameOf(101)]);
  while (!old.some((listener) => listener.received.length > 0)) await nextTurn();
  hub.accept([frameOf(102)]);
  hub.reset(50);
  const given = old.filter((listener) => listener.received.length > 0).length;
  expect(given).toBeLessThan(200);
  for (const listener of old) hub.leave(listener);
  const fresh = new Recorder(50, ['global']);
  hub.join(fresh);
  hub.accept([frameOf(51)]);
  await hub.drained();
  expect(old.filter((listener) => listener.received.length > 0).length).toBe(given);
  expect(old.flatMap((listener) => ids(listener.received)).every((id) => id === 101)).toBe(true);
  expect(ids(fresh.received)).toEqual([51]);
  expect([hub.position, hub.settled]).toEqual([51, 51]);
});
