import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyReceiver, decodeBody } from '../../src/http/body-receiver.ts';

/** Receives a body; records each outcome. */
function receiving(bounds: { length?: number; max?: number; onSize?: (size: number) => void }) {
  const stream = new PassThrough();
  const outcomes: unknown[] = [];
  const { length, max = 100, onSize } = bounds;
  const receiver = new BodyReceiver(
    stream as unknown as IncomingMessage,
    { length, max, onSize },
    (bytes, error) => void outcomes.push(error ?? bytes?.toString() ?? 'too large'),
  );
  return { stream, receiver, outcomes };
}

const turn = () => new Promise(setImmediate);

test('a body of known length is there with its last byte, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 9 }),
      async (parts) => {
        const whole = parts.join('');
        const { stream, outcomes } = receiving({ length: Buffer.byteLength(whole), max: 1_000 });
        for (const part of parts) stream.write(part);
        await turn();
        expect(outcomes).toEqual([whole]);
        stream.destroy();
        await turn();
        expect(outcomes).toHaveLength(1);
      },
    ),
  );
});

test('a body of unknown length ends with its stream', async () => {
  const { stream, outcomes } = receiving({});
  stream.write('ab');
  await turn();
  expect(outcomes).toEqual([]);
  stream.end('c');
  await turn();
  expect(outcomes).toEqual(['abc']);
});

test('an empty body of unknown length is empty', async () => {
  const { stream, outcomes } = receiving({});
  stream.end();
  await turn();
  expect(outcomes).toEqual(['']);
});

test('it ends once: too large, refused, cut off, late or with an error of the connection', async () => {
  const large = receiving({ max: 3 });
  large.stream.write('abcd');
  const refused = receiving({
    onSize: (size) => {
      if (size > 2) throw new Error('refused');
    },
  });
  refused.stream.write('abc');
  const cut = receiving({ length: 5 });
  cut.stream.destroy();
  const late = receiving({ length: 5 });
  late.receiver.expire();
  const broken = receiving({ length: 5 });
  broken.stream.destroy(new Error('reset'));
  await turn();
  const all = [large, refused, cut, late, broken];
  for (const { stream, receiver } of all) {
    stream.destroy();
    receiver.expire();
  }
  await turn();
  expect(all.map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 1, 1, 1]);
  expect(large.outcomes).toEqual(['too large']);
  expect(refused.outcomes).toEqual([new Error('refused')]);
  expect(cut.outcomes).toMatchObject([{ code: 'bad-request' }]);
  expect(late.outcomes).toMatchObject([{ code: 'body-timeout' }]);
  expect(broken.outcomes).toMatchObject([{ code: 'bad-request' }]);
});

test('bytes are decoded as by TextDecoder, whatever they are', () => {
  const decoder = new TextDecoder();
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string({ unit: 'binary', maxLength: 6 }).map((text) => new TextEncoder().encode(text)),
    fc
      .constantFrom('efbbbf', 'eda080', 'f4908080', 'c080', 'e282', 'f09f98')
      .map((hex) => Buffer.from(hex, 'hex')),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const bytes = Buffer.concat(pieces);
      expect(decodeBody(bytes)).toBe(decoder.decode(bytes));
    }),
    { numRuns: 2_000 },
  );
});
