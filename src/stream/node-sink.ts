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

/** Bytes from which on a new stream collects no more: what a peer that takes nothing has waiting is to be counted as unsent. */
const MAX_COLLECTED = 80 * 1024;

/** What Node has of a socket below its stream; null once it is closed. */
interface Handle {
  /** Bytes left of the write under way. Node's own socket time-out reads it to notice progress. */
  readonly writeQueueSize?: number;
  /** Negative where there is none. */
  readonly fd?: number;
}

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as Socket & { readonly _handle?: Handle | null })._handle;
}

/**
 * Opens a sink over a Node response. An HTTP/1.1 response is written straight to its socket, in chunks that were framed
 * once for all streams. A response without chunks (HTTP/1.0), or without a socket yet, is written through the response.
 *
 * @param headers names and values in turn
 */
export function openNodeSink(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  headers: readonly string[],
): Sink {
  outgoing.writeHead(200, headers as string[]);
  return new NodeSink(incoming.socket, outgoing);
}

class NodeSink implements Sink {
  readonly #socket: Socket;
  readonly #outgoing: ServerResponse;
  readonly #raw: boolean;
  /** What is written to. A field: V8 looks an accessor up anew for each of the writes. */
  readonly #target: Socket | ServerResponse;
  /** Of the socket, where bytes may be written to it as they are; -1 otherwise. */
  readonly #descriptor: number;
  #written = 0;
  #open = true;
  /** Whether the head and the first frames are still collected for one write. */
  #corked = true;
  #notify: (() => void) | undefined;

  constructor(socket: Socket, outgoing: ServerResponse) {
    this.#socket = socket;
    this.#outgoing = outgoing;
    socket.setNoDelay(true);
    socket.setTimeout(0);
    streaming.add(socket);
    // Only reading shows that the client left, and earlier middleware may have paused the socket.
    socket.resume();
    socket.cork();
    outgoing.flushHeaders();
    this.#raw = outgoing.chunkedEncoding && outgoing.socket === socket;
    this.#target = this.#raw ? socket : outgoing;
    this.#descriptor = this.#raw && !('encrypted' in socket) ? (handleOf(socket)?.fd ?? -1) : -1;
    process.nextTick(uncork, this);
    outgoing.on('close', () => {
      this.#open = false;
      streaming.delete(socket);
      this.#notify?.();
    });
  }

  get descriptor(): number | undefined {
    const socket = this.#socket;
    // Once the socket is destroyed, another may have the number.
    if (this.#descriptor < 0 || !this.#open || socket.destroyed || !socket.writable) return undefined;
    return socket.writableLength === 0 && socket.writableCorked === 0 ? this.#descriptor : undefined;
  }

  write(bytes: Bytes, sent = 0): void {
    if (!this.#open || this.#socket.destroyed) return;
    const part = this.#raw ? bytes.chunk : bytes.plain;
    this.#written += part.length;
    if (sent === part.length) return;
    this.#target.write(sent === 0 ? part : part.subarray(sent));
    if (this.#corked && this.#target.writableLength > MAX_COLLECTED) this.uncork();
  }

  get unsent(): number {
    // What is collected in this turn of the event loop has not been offered to the peer yet.
    return this.#corked ? 0 : this.#target.writableLength;
  }

  get taken(): number {
    // Node counts a write as unsent until the kernel has all of it; libuv has the number of bytes that are left.
    return this.#written - this.#target.writableLength - (handleOf(this.#socket)?.writeQueueSize ?? 0);
  }

  drained(): Promise<void> {
    this.uncork();
    const target = this.#target;
    if (!this.#open || !target.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        target.off('drain', done);
        this.#outgoing.off('close', done);
        resolve();
      };
      target.on('drain', done);
      this.#outgoing.on('close', done);
    });
  }

  get endpoints(): string | undefined {
    return this.#open ? endpointsOf(this.#socket) : undefined;
  }

  cut(): void {
    // Without a reset, the kernel would go on retransmitting for a peer that is not there.
    if (this.#open) this.#socket.resetAndDestroy();
  }

  end(): void {
    if (!this.#open) return;
    this.uncork();
    const socket = this.#socket;
    this.#outgoing.shouldKeepAlive = false;
    this.#outgoing.end();
    socket.end();
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    cut.unref();
    socket.once('close', () => clearTimeout(cut));
  }

  onClose(callback: () => void): void {
    if (this.#open) this.#notify = callback;
    else callback();
  }

  /** Sends what was collected. */
  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }
}

function uncork(sink: NodeSink): void {
  sink.uncork();
}
