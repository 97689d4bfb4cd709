import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Bytes } from '../channel/live-frame.ts';
import { LINGER_MS, type Sink } from './sink.ts';
import { endpointsOf } from './tcp-table.ts';

/** Sockets that carry a stream. A request pipelined behind a stream could never be answered. */
const streaming = new WeakSet<Socket>();

/** Whether a stream already occupies this request's connection. */
export function carriesStream(incoming: IncomingMessage): boolean {
  return streaming.has(incoming.socket);
}

/** Bytes left of the write under way. Node's own socket time-out reads the same field to notice progress. */
function queuedInLibuv(socket: Socket): number {
  const { _handle } = socket as Socket & { _handle?: { readonly writeQueueSize?: number } | null };
  return _handle?.writeQueueSize ?? 0;
}

/**
 * Opens a sink over a Node response. An HTTP/1.1 response is written straight to its socket, in chunks that were framed
 * once for all streams. A response without chunks (HTTP/1.0), or without a socket yet, is written through the response.
 */
export function openNodeSink(incoming: IncomingMessage, outgoing: ServerResponse, headers: Headers): Sink {
  const socket = incoming.socket;
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  outgoing.statusCode = 200;
  socket.setNoDelay(true);
  socket.setTimeout(0);
  streaming.add(socket);
  // Only reading shows that the client left, and earlier middleware may have paused the socket.
  socket.resume();
  outgoing.flushHeaders();
  const raw = outgoing.chunkedEncoding && outgoing.socket === socket;
  const target = raw ? socket : outgoing;

  let written = 0;
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
      const part = raw ? bytes.chunk : bytes.plain;
      written += part.length;
      target.write(part);
    },
    get unsent() {
      return target.writableLength;
    },
    get taken() {
      // Node counts a write as unsent until the kernel has all of it; libuv has the number of bytes that are left.
      return written - target.writableLength - queuedInLibuv(socket);
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
    get endpoints() {
      return open ? endpointsOf(socket) : undefined;
    },
    cut() {
      // Without a reset, the kernel would go on retransmitting for a peer that is not there.
      if (open) socket.resetAndDestroy();
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
