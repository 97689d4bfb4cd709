import { createHmac } from 'node:crypto';

/** Bits of each half of an id. */
const HALF_BITS = 26;
const HALF = 2 ** HALF_BITS;
const ROUNDS = 4;

/**
 * Permutation of ids below 2^52 under a key, as a Feistel network. The ids of a table would show how many rows others have
 * added to it. Ids from 2^52 on stay as they are.
 */
export class OpaqueIds {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  encode(id: number): number {
    if (id >= HALF * HALF) return id;
    let [left, right] = [Math.floor(id / HALF), id % HALF];
    for (let round = 0; round < ROUNDS; round++) [left, right] = [right, left ^ this.#mix(round, right)];
    return left * HALF + right;
  }

  decode(opaque: number): number {
    if (opaque >= HALF * HALF) return opaque;
    let [left, right] = [Math.floor(opaque / HALF), opaque % HALF];
    for (let round = ROUNDS - 1; round >= 0; round--) [left, right] = [right ^ this.#mix(round, left), left];
    return left * HALF + right;
  }

  #mix(round: number, half: number): number {
    const digest = createHmac('sha256', this.#key).update(`${round}/${half}`).digest();
    return digest.readUInt32BE(0) % HALF;
  }
}
