import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { carriesStream } from '../stream/node-sink.ts';

export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

export interface QueueLimits {
  /** Requests of one socket that wait for their turn before no more is read from it. */
  readonly pauseAt: number;
  /** The most requests of one socket that wait for their turn. What is read at once (64 KiB) can hold thousands. */
  readonly maxWaiting: number;
  /** How long a client may take to begin reading an answer, ms. */
  readonly unreadMs: number;
  /** How fast it has to read it, bytes/s. */
  readonly minBytesPerS: number;
  /** How long what is still to come of an answered request's body is taken and dropped, ms. */
  readonly lingerMs: number;
}

const LIMITS: QueueLimits = {
  pauseAt: 8,
  maxWaiting: 64,
  unreadMs: 15_000,
  minBytesPerS: 16_384,
  lingerMs: 5_000,
};

interface Turn {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * Hands the requests of each socket to a listener one at a time: the next when the answer before it has been sent. Node
 * dispatches all that a client pipelines at once, and keeps every answer in memory until it is read.
 *
 * A socket with 8 requests waiting is read from no more; one with more than 64, one whose answer is not read (15 s and
 * 16 KiB/s), and one that is still sending the body of an answered request after 5 s are destroyed. A stream is none of
 * these: what it has not sent is bounded by the stream itself.
 */
export function oneAtATime(listener: RequestListener, limits: Partial<QueueLimits> = {}): RequestListener {
  const queues = new WeakMap<Socket, RequestQueue>();
  return (incoming, outgoing) => {
    const { socket } = incoming;
    let queue = queues.get(socket);
    if (queue === undefined) {
      queue = new RequestQueue(socket, listener, { ...LIMITS, ...limits });
      queues.set(socket, queue);
    }
    queue.add({ incoming, outgoing });
  };
}

class RequestQueue {
  readonly #socket: Socket;
  readonly #listener: RequestListener;
  readonly #limits: QueueLimits;
  readonly #waiting: Turn[] = [];
  #busy = false;
  #paused = false;

  constructor(socket: Socket, listener: RequestListener, limits: QueueLimits) {
    this.#socket = socket;
    this.#listener = listener;
    this.#limits = limits;
  }

  add(turn: Turn): void {
    if (this.#socket.destroyed) return;
    if (!this.#busy) {
      this.#dispatch(turn);
      return;
    }
    this.#waiting.push(turn);
    if (this.#waiting.length > this.#limits.maxWaiting) {
      this.#waiting.length = 0;
      stopParsing(this.#socket);
      this.#socket.destroy();
      return;
    }
    // A stream has to notice that its client left, which shows by reading alone.
    if (this.#waiting.length < this.#limits.pauseAt || carriesStream(turn.incoming)) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #dispatch({ incoming, outgoing }: Turn): void {
    this.#busy = true;
    let unread: NodeJS.Timeout | undefined;
    outgoing.once('prefinish', () => {
      const bytes = this.#socket.writableLength;
      const { unreadMs, minBytesPerS } = this.#limits;
      if (bytes > 0) unread = this.#destroyAfter(unreadMs + (bytes / minBytesPerS) * 1_000);
    });
    outgoing.once('close', () => {
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
    const turn = this.#waiting.shift();
    if (turn !== undefined) this.#dispatch(turn);
    if (this.#paused && this.#waiting.length < this.#limits.pauseAt) {
      this.#paused = false;
      this.#socket.resume();
    }
  }

  /** Drops the rest of a body. A client that is busy sending would not receive its answer if the socket closed now. */
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
 * Ends the parsing of what was read already: Node would go on to dispatch all of it, also once the socket is destroyed.
 * An answer other than 0 to the next head is an error to the parser. This is not part of Node's documented interface;
 * where it has no effect, the rest costs time and nothing else.
 */
function stopParsing(socket: Socket & { parser?: { onIncoming?: () => number } | null }): void {
  if (socket.parser) socket.parser.onIncoming = () => -1;
}
