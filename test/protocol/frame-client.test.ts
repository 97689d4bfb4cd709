import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventSource } from 'eventsource';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeComment, encodeFrame, encodeRetry, type Frame } from '../../src/protocol/frame.ts';
import { anyText } from '../support/arbitrary.ts';
import type { ReadEvent } from '../support/wire/event-stream.ts';

const END: Frame = { id: 'end', event: 'the-end', data: 'x' };
let server: Server;
let body: readonly string[] = [];

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    for (const part of body) response.write(part);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Everything that the real client dispatches, until the end frame. */
function receive(names: Iterable<string>): Promise<ReadEvent[]> {
  const source = new EventSource(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return new Promise((resolve, reject) => {
    const events: ReadEvent[] = [];
    const take = ({ type: event, data, lastEventId }: MessageEvent) =>
      void events.push({ event, data, lastEventId });
    for (const name of new Set(names)) source.addEventListener(name, take);
    source.addEventListener('message', take);
    source.addEventListener('the-end', () => {
      source.close();
      resolve(events);
    });
    source.addEventListener('error', (error) => {
      source.close();
      reject(new Error(`the client gave up: ${error.message}`));
    });
  });
}

const frame = fc.record({
  // `open` and `error` are the client's own events as well.
  event: fc
    .stringMatching(/^[a-z][a-z-]{0,20}$/)
    .filter((name) => !['open', 'error', 'the-end', 'message'].includes(name)),
  id: fc.stringMatching(/^[0-9]{1,16}-[a-z0-9]{4,8}$/),
  data: fc.oneof(
    anyText().filter((text) => text !== ''),
    anyText().map((text) => JSON.stringify({ text })),
  ),
});

test('the eventsource client reads what was written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 30 }), async (frames) => {
      body = [
        encodeRetry(60_000),
        ...frames.flatMap((f) => [encodeFrame(f), encodeComment('keepalive')]),
        encodeFrame(END),
      ];
      expect(await receive(frames.map((f) => f.event))).toEqual(
        frames.map(({ event, id, data }) => ({
          event,
          lastEventId: id,
          data: data.replace(/\r\n|\r/g, '\n').toWellFormed(),
        })),
      );
    }),
    { numRuns: 60 },
  );
});

test('the eventsource client reads a mebibyte of JSON as it was written', async () => {
  const value = { text: '😀\r\n\u2028\0 "\ufeff'.repeat(1 << 16), pad: 'x'.repeat(1 << 19) };
  body = [encodeFrame({ id: '1-k7f2', event: 'big', data: JSON.stringify(value) }), encodeFrame(END)];
  const [received] = await receive(['big']);
  expect(JSON.parse(received?.data ?? '')).toEqual(value);
});
