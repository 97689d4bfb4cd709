import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { encodeBytes } from '../../src/channel/live-frame.ts';
import { openNodeSink } from '../../src/stream/node-sink.ts';
import type { Stream } from '../../src/stream/stream.ts';
import { createStreams, openStream } from './fixture.ts';

/** Far more than the kernel takes for a reader that takes nothing. */
const LARGE = encodeBytes(`: ${'x'.repeat(64 * 1024 * 1024)}\n\n`);
const KEEPALIVE = encodeBytes(': keepalive\n\n');

test('One large write makes no peer slow, also in the turn in which its stream opens', async () => {
  const streams = createStreams({ limits: { maxUnsentBytes: 1_024 } });
  onTestFinished(() => streams.close());
  const server = createServer();
  const opened = new Promise<Stream>((resolve) => {
    server.on('request', (incoming, outgoing) => {
      const stream = openStream(streams, openNodeSink(incoming, outgoing, []));
      stream.writeBytes(LARGE);
      resolve(stream);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  client.pause();
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const stream = await opened;
  await new Promise(setImmediate);
  expect(stream.unsent).toBeGreaterThan(0);
  stream.writeBytes(KEEPALIVE);
  expect(stream.closeReason).toBeUndefined();
  // What comes on top of it is bounded as ever.
  stream.writeBytes(encodeBytes(`: ${'x'.repeat(2_048)}\n\n`));
  expect(stream.closeReason).toBe('slow');
});
