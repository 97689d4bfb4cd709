/** Polynomial of CRC-32 (ISO-HDLC, as gzip uses it), lowest bit first. */
const POLYNOMIAL = 0xedb88320;

/** Product of two polynomials modulo `POLYNOMIAL`. @param a not 0 */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 0x80000000; ; bit >>>= 1) {
    if (a & bit) {
      product ^= factor;
      if ((a & (bit - 1)) === 0) return product >>> 0;
    }
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
}

/** x^(2^n) modulo `POLYNOMIAL`, n from 0 to 31. After that they repeat. */
const POWERS: readonly number[] = Array.from({ length: 31 }).reduce<number[]>(
  (powers) => [...powers, multiply(powers.at(-1) as number, powers.at(-1) as number)],
  [0x40000000],
);

/**
 * Operator that appends `length` bytes to a checksum: the second argument of `crc32Combine`. Takes some 30
 * multiplications, so it is computed once for bytes that many streams are sent.
 */
export function crc32Shift(length: number): number {
  let shift = 0x80000000;
  // A byte is 8 = 2^3 bits.
  for (let rest = length, n = 3; rest > 0; rest = Math.floor(rest / 2), n++)
    if (rest % 2 === 1) shift = multiply(POWERS[n & 31] as number, shift);
  return shift >>> 0;
}

/**
 * CRC-32 of bytes followed by others, of their checksums alone: one multiplication, however many bytes there are.
 *
 * @param crc of the first bytes; 0: none
 * @param shift `crc32Shift` of the length of those that follow
 * @param next checksum of those that follow
 */
export function crc32Combine(crc: number, shift: number, next: number): number {
  return (multiply(shift, crc) ^ next) >>> 0;
}
