import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Hub } from '../../src/channel/hub.ts';
import { loadNativeSend } from '../../src/stream/native-send.ts';
import { openNodeSink } from '../../src/stream/node-sink.ts';
import type { Stream } from '../../src/stream/stream.ts';
import { until } from '../support/until.ts';
import { frameOf } from '../support/wire/frames.ts';
import { createStreams, openStream } from './fixture.ts';

const native = loadNativeSend();
const expected = process.platform === 'linux' && process.arch === 'x64';

test.runIf(expected)('the addon loads, and was built from its source', () => {
  const source = readFileSync(new URL('../../src/stream/native/send.c', import.meta.url));
  expect(native?.source).toBe(createHash('sha256').update(source).digest('hex'));
});

describe.runIf(native !== undefined)('with the addon', () => {
  const send = native?.send;
  /** Enough for the kernel to take no more from a peer that reads nothing. */
  const MESSAGE = 'x'.repeat(64 * 1024);
  const FRAMES = 120;

  /** A reader of one stream, and what it received. */
  interface Reader {
    readonly socket: Socket;
    readonly stream: Stream;
    text(): string;
    /** Whether what it received ends with exactly the bytes of these frames. */
    endsWith(ids: readonly number[]): boolean;
  }

  async function serve() {
    let writes = 0;
    const hub = new Hub(0, {
      send(...given) {
        writes += given[1];
        send?.(...given);
      },
    });
    const streams = createStreams({ hub, limits: { maxUnsentBytes: 1_000_000_000 } });
    const opened: Stream[] = [];
    const server = createServer((incoming, outgoing) => {
      opened.push(openStream(streams, openNodeSink(incoming, outgoing, []), { from: hub.position }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      streams.close();
      server.closeAllConnections();
      server.close();
    });
    async function read(): Promise<Reader> {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      const parts: string[] = [];
      let length = 0;
      socket.on('error', () => {});
      socket.setEncoding('latin1').on('data', (part: string) => {
        parts.push(part);
        length += part.length;
      });
      const before = opened.length;
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => opened[before]?.state === 'live');
      const text = () => parts.join('');
      await until(() => text().includes('caught-up'));
      return {
        socket,
        stream: opened[before] as Stream,
        text,
        endsWith(ids) {
          return length > ids.length * MESSAGE.length && text().endsWith(wireOf(ids));
        },
      };
    }
    return { hub, read, writes: () => writes };
  }

  const large = (id: number) => frameOf(id, { message: MESSAGE });
  /** The bytes of frames on the wire. */
  const wireOf = (ids: readonly number[]) => ids.map((id) => large(id).chunk.toString('latin1')).join('');

  test('a reader that stalls receives each frame once, in order, when it goes on; others at once', async () => {
    const { hub, read, writes } = await serve();
    const stalled = await read();
    const other = await read();
    stalled.socket.pause();
    const all = Array.from({ length: FRAMES }, (_, at) => at + 1);
    for (const id of all) {
      hub.accept([large(id)]);
      await hub.drained();
    }
    await until(() => other.endsWith(all));
    expect(stalled.stream.unsent).toBeGreaterThan(0);
    // All of those of the reader that kept up may have gone through the addon; of the other, those that the kernel took.
    expect(writes()).toBeGreaterThan(2);
    stalled.socket.resume();
    await until(() => stalled.endsWith(all));
    await until(() => stalled.stream.unsent === 0);
    hub.accept([large(FRAMES + 1)]);
    await until(() => stalled.endsWith([...all, FRAMES + 1]));
  });

  test('a socket that takes the number of a closed one receives nothing of its stream', async () => {
    const { hub, read } = await serve();
    const kept = await read();
    for (let round = 0; round < 20; round++) {
      const leaving = await read();
      const first = 1 + round * 3;
      hub.accept([large(first)]);
      await hub.drained();
      await until(() => leaving.stream.descriptor !== undefined);
      leaving.stream.cut();
      // Its number is free, and it leaves the hub only once its response says that it is closed.
      expect(leaving.stream.descriptor).toBeUndefined();
      hub.accept([large(first + 1)]);
      const next = await read();
      await hub.drained();
      hub.accept([large(first + 2)]);
      await until(() => next.endsWith([first + 2]));
      expect(next.text()).not.toContain(`"id":${first},`);
      next.socket.destroy();
    }
    const all = Array.from({ length: 60 }, (_, at) => at + 1);
    await until(() => kept.endsWith(all));
  });
});
