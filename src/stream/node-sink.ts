import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Bytes } from '../channel/live-frame.ts';
import type { Sink } from './sink.ts';

/** How long what is unsent may take to leave once the stream has ended. Milliseconds. */
const LINGER_MS = 1_000;

/** Sockets that carry a stream. A request pipelined behind one could never be answered. */
const streaming = new WeakSet<Socket>();

/** Whether a stream already occupies this request's connection. */
export function carriesStream(incoming: IncomingMessage): boolean {
  return streaming.has(incoming.socket);
}

/**
 * A stream over a Node response. An HTTP/1.1 response is written straight to its socket, in chunks that were framed
 * once for all streams. What has no chunks (HTTP/1.0) or no socket yet takes the ordinary way through the response.
 */
export function openNodeSink(incoming: IncomingMessage, outgoing: ServerResponse, headers: Headers): Sink {
  const socket = incoming.socket;
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  outgoing.statusCode = 200;
  socket.setNoDelay(true);
  socket.setTimeout(0);
  streaming.add(socket);
  outgoing.flushHeaders();
  const raw = outgoing.chunkedEncoding && outgoing.socket === socket;
  const target = raw ? socket : outgoing;

  let open = true;
  let notify: (() => void) | undefined;
  outgoing.once('close', () => {
    open = false;
    streaming.delete(socket);
    notify?.();
  });

  return {
    write(bytes: Bytes) {
      if (!open || socket.destroyed) return;
      if (raw) socket.write(bytes.chunk);
      else outgoing.write(bytes.plain);
    },
    get unsent() {
      return target.writableLength;
    },
    drained() {
      if (!open || !target.writableNeedDrain) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          target.off('drain', done);
          outgoing.off('close', done);
          resolve();
        };
        target.on('drain', done);
        outgoing.on('close', done);
      });
    },
    end() {
      if (!open) return;
      outgoing.shouldKeepAlive = false;
      outgoing.end();
      socket.end();
      const cut = setTimeout(() => socket.destroy(), LINGER_MS);
      cut.unref();
      socket.once('close', () => clearTimeout(cut));
    },
    onClose(callback) {
      if (open) notify = callback;
      else callback();
    },
  };
}
