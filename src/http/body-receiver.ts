import type { IncomingMessage } from 'node:http';
import { Problem } from '../protocol/problem.ts';
import type { Expiring } from '../util/deadlines.ts';

/** Outcome of receiving a body: its bytes, of which there are too many where it is undefined; or the error. */
export type OnBody = (bytes: Buffer | undefined, error?: unknown) => void;

export interface BodyBounds {
  /** `Content-Length`; undefined where the body is chunked. */
  readonly length: number | undefined;
  /** Max size, bytes. */
  readonly max: number;
  /** Called with the number of bytes received so far; the body is refused with its error. */
  readonly onSize?: ((size: number) => void) | undefined;
}

/** Receives the body of a request, and calls back once: with its last byte, or at the first error. */
export class BodyReceiver implements Expiring {
  readonly #bounds: BodyBounds;
  #onBody: OnBody | undefined;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(incoming: IncomingMessage, bounds: BodyBounds, onBody: OnBody) {
    this.#bounds = bounds;
    this.#onBody = onBody;
    // They stay: a listener that is called in vain costs less than its removal.
    incoming
      .on('data', (chunk: Buffer) => this.#take(chunk))
      .on('close', () => this.#settle(undefined, undefined, true))
      .on('error', ignore);
    if (bounds.length === undefined) incoming.on('end', () => this.#settle(this.#bytes()));
  }

  /** Ends it with `body-timeout`. */
  expire(): void {
    this.#settle(undefined, new Problem('body-timeout'));
  }

  #take(chunk: Buffer): void {
    if (this.#onBody === undefined) return;
    const { length, max, onSize } = this.#bounds;
    this.#size += chunk.length;
    if (this.#size > max) {
      this.#settle(undefined);
      return;
    }
    this.#chunks.push(chunk);
    try {
      onSize?.(this.#size);
    } catch (error) {
      this.#settle(undefined, error);
    }
    if (this.#size === length) this.#settle(this.#bytes());
  }

  #bytes(): Buffer {
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only ? only : Buffer.concat(this.#chunks);
  }

  #settle(bytes: Buffer | undefined, error?: unknown, closed = false): void {
    const onBody = this.#onBody;
    if (onBody === undefined) return;
    this.#onBody = undefined;
    onBody(bytes, closed ? new Problem('bad-request') : error);
  }
}

const ignore = (): void => {};

const BYTE_ORDER_MARK = 0xfeff;

/** Decodes UTF-8 as `TextDecoder` does: without a byte order mark, and U+FFFD in place of what is malformed. */
export function decodeBody(bytes: Buffer): string {
  const text = bytes.toString();
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}
