import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batch } from '../../src/channel/batch.ts';
import { encodeBytes, notificationJson, notificationOf } from '../../src/channel/live-frame.ts';
import { anyText } from '../support/arbitrary.ts';
import { readEventStream } from '../support/wire/event-stream.ts';
import { frameOf, framesAfter, rowOf } from '../support/wire/frames.ts';

/** What Node's own HTTP client makes of a chunked body that arrives in these pieces. */
async function receiveChunked(pieces: readonly Buffer[]): Promise<Buffer> {
  const server = createServer(async (socket) => {
    socket.on('error', () => {});
    await once(socket, 'data');
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
    socket.end('0\r\n\r\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const outgoing = request({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      agent: false,
    }).end();
    const [response] = await once(outgoing, 'response');
    return await buffer(response);
  } finally {
    server.close();
  }
}

/** Cuts bytes at places that know nothing of chunks. */
function cutAnywhere(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places
    .slice(1)
    .map((end, index) => bytes.subarray(places[index], end))
    .filter((piece) => piece.length > 0);
}

test('chunks joined in any grouping and cut anywhere decode to the bytes that were written', async () => {
  const texts = fc.array(
    anyText().filter((text) => text !== ''),
    { minLength: 1, maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(texts, fc.array(fc.nat(), { maxLength: 12 }), async (texts, cuts) => {
      const all = texts.map(encodeBytes);
      const wire = Buffer.concat(all.map((bytes) => bytes.chunk));
      const expected = Buffer.from(texts.map((text) => text.toWellFormed()).join(''));
      expect(await receiveChunked(cutAnywhere(wire, cuts))).toEqual(expected);
      expect(Buffer.concat(all.map((bytes) => bytes.plain))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('a chunk of a mebibyte decodes', async () => {
  const text = '😀\r\n0\r\n\r\n'.repeat(100_000);
  expect(
    (await receiveChunked([encodeBytes(text).chunk, encodeBytes('x').chunk])).equals(Buffer.from(`${text}x`)),
  ).toBe(true);
});

test('no chunk can end the response', () => {
  expect(() => encodeBytes('')).toThrow(TypeError);
});

test('a batch is its frames, one after the other, in both forms', () => {
  fc.assert(
    fc.property(
      framesAfter(0).filter((frames) => frames.length > 0),
      (frames) => {
        const batch = new Batch(frames);
        expect(batch.chunk.equals(Buffer.concat(frames.map((frame) => frame.chunk)))).toBe(true);
        expect(batch.plain.equals(Buffer.concat(frames.map((frame) => frame.plain)))).toBe(true);
        expect(readEventStream(batch.plain).events.map((event) => event.lastEventId)).toEqual(
          frames.map((frame) => `${frame.id}-k7f2`),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('a frame carries the notification as it is in the log', () => {
  fc.assert(
    fc.property(
      anyText(),
      anyText(),
      fc.jsonValue(),
      fc.option(fc.integer({ min: 1 })),
      (title, message, data, playerId) => {
        const row = rowOf(1042, {
          eventId: 1041,
          scope: 'player:7',
          type: 'LEVEL_UP',
          title,
          message,
          data: JSON.stringify(data),
          playerId,
        });
        expect(readEventStream(frameOf(1042, row).plain).events).toEqual([
          { lastEventId: '1042-k7f2', event: 'level-up', data: notificationJson(row) },
        ]);
        expect(JSON.parse(notificationJson(row))).toEqual({
          id: 1042,
          eventId: 1041,
          scope: 'player:7',
          type: 'LEVEL_UP',
          ...(playerId === null ? {} : { playerId }),
          title,
          message,
          data: JSON.parse(JSON.stringify(data)),
          at: '2023-11-14T22:13:20.000Z',
        });
      },
    ),
  );
});

test('a frame is encoded once, however many read it', () => {
  const frame = frameOf(1);
  expect(frame.chunk).toBe(frame.chunk);
  expect(frame.plain.buffer).toBe(frame.chunk.buffer);
});

test('a notification is the same as an object and as JSON', () => {
  fc.assert(
    fc.property(
      fc.record({
        title: anyText(),
        message: anyText(),
        playerId: fc.option(fc.nat()),
        data: fc.json(),
        at: fc.nat(),
      }),
      (fields) => {
        const row = rowOf(7, fields);
        expect(notificationOf(row)).toEqual(JSON.parse(notificationJson(row)));
      },
    ),
  );
});
