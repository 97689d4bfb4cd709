import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { carriesStream } from '../stream/node-sink.ts';

export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

export interface QueueLimits {
  /** Number of waiting requests at which a socket is paused. */
  readonly pauseAt: number;
  /** Max waiting requests of one socket; one read (64 KiB) can hold thousands. */
  readonly maxWaiting: number;
  /** Max time until a client begins to read a response, ms. */
  readonly unreadMs: number;
  /** Min speed at which it reads the response, bytes/s. */
  readonly minBytesPerS: number;
  /** Max time for which the rest of an answered request's body is discarded, ms. */
  readonly lingerMs: number;
}

const LIMITS: QueueLimits = {
  pauseAt: 8,
  maxWaiting: 64,
  unreadMs: 15_000,
  minBytesPerS: 16_384,
  lingerMs: 5_000,
};

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * Request listener that handles the requests of each socket one at a time: the next one when the previous response has
 * been sent. Node dispatches all pipelined requests at once and buffers every response until it is read.
 *
 * A socket with 8 waiting requests is paused. It is destroyed with more than 64; when its response is not read (within
 * 15 s, plus its size at 16 KiB/s); and when it is still sending the body of an answered request after 5 s. None of this
 * applies to streams, which bound their unsent bytes themselves.
 */
export function serializePerSocket(
  listener: RequestListener,
  limits: Partial<QueueLimits> = {},
): RequestListener {
  const queues = new WeakMap<Socket, RequestQueue>();
  const allLimits = { ...LIMITS, ...limits };
  return (incoming, outgoing) => {
    const { socket } = incoming;
    let queue = queues.get(socket);
    if (queue === undefined) {
      queue = new RequestQueue(socket, listener, allLimits);
      queues.set(socket, queue);
    }
    queue.add({ incoming, outgoing });
  };
}

class RequestQueue {
  readonly #socket: Socket;
  readonly #listener: RequestListener;
  readonly #limits: QueueLimits;
  readonly #waiting: Exchange[] = [];
  #busy = false;
  #paused = false;

  constructor(socket: Socket, listener: RequestListener, limits: QueueLimits) {
    this.#socket = socket;
    this.#listener = listener;
    this.#limits = limits;
  }

  add(exchange: Exchange): void {
    if (this.#socket.destroyed) return;
    if (!this.#busy) {
      this.#dispatch(exchange);
      return;
    }
    this.#waiting.push(exchange);
    if (this.#waiting.length > this.#limits.maxWaiting) {
      this.#waiting.length = 0;
      stopParsing(this.#socket);
      this.#socket.destroy();
      return;
    }
    // A stream's socket is not paused: only reading detects that the client disconnected.
    if (this.#waiting.length < this.#limits.pauseAt || carriesStream(exchange.incoming)) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #dispatch({ incoming, outgoing }: Exchange): void {
    this.#busy = true;
    let unread: NodeJS.Timeout | undefined;
    // Both are emitted once. A stream would hold the wrapper of a listener that `once` adds for as long as it is open.
    outgoing.on('prefinish', () => {
      const bytes = this.#socket.writableLength;
      const { unreadMs, minBytesPerS } = this.#limits;
      if (bytes > 0) unread = this.#destroyAfter(unreadMs + (bytes / minBytesPerS) * 1_000);
    });
    outgoing.on('close', () => {
      clearTimeout(unread);
      if (!incoming.complete) this.#linger(incoming);
      this.#next();
    });
    this.#listener(incoming, outgoing);
  }

  #next(): void {
    this.#busy = false;
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      this.#waiting.length = 0;
      return;
    }
    const exchange = this.#waiting.shift();
    if (exchange !== undefined) this.#dispatch(exchange);
    if (this.#paused && this.#waiting.length < this.#limits.pauseAt) {
      this.#paused = false;
      this.#socket.resume();
    }
  }

  /** Discards the rest of a body. A client that is still sending would not receive its response if the socket closed. */
  #linger(incoming: IncomingMessage): void {
    if (this.#socket.destroyed) return;
    const late = this.#destroyAfter(this.#limits.lingerMs);
    incoming.once('close', () => clearTimeout(late));
    incoming.once('end', () => clearTimeout(late));
    incoming.resume();
  }

  #destroyAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#socket.destroy(), ms).unref();
  }
}

/**
 * Stops the parsing of bytes that were read already: Node would dispatch all their requests, even with the socket
 * destroyed. A return value other than 0 for the next head is an error to the parser. This is not documented by Node;
 * where it has no effect, the remaining requests only cost time.
 */
function stopParsing(socket: Socket & { parser?: { onIncoming?: () => number } | null }): void {
  if (socket.parser) socket.parser.onIncoming = () => -1;
}
