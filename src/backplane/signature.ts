import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA256 of the messages of one channel, under a key that only the nodes of one cluster have. */
export class Signature {
  readonly #key: Uint8Array;
  readonly #channel: string;

  /** @param channel part of every signature: one made for another channel is not valid */
  constructor(key: Uint8Array, channel: string) {
    this.#key = key;
    this.#channel = channel;
  }

  sign(text: string): string {
    return this.#digest(text).toString('base64url');
  }

  /** Whether the signature of this text is valid; compares in constant time. */
  verify(text: string, signature: string): boolean {
    const expected = this.#digest(text);
    const given = Buffer.from(signature, 'base64url');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(this.#channel).update('\n').update(text).digest();
  }
}
