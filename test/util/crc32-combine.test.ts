import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32Combine, crc32Shift } from '../../src/util/crc32-combine.ts';

it('combines checksums as if they were computed over the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
      let crc = 0;
      for (const part of parts) crc = crc32Combine(crc, crc32Shift(part.length), crc32(part));
      expect(crc).toBe(crc32(Buffer.concat(parts)));
    }),
  );
});

it.each([65_535, 1_000_003, 16_777_216])('appends %i bytes', (length) => {
  const [first, second] = [Buffer.from('first'), Buffer.alloc(length, 'second')];
  expect(crc32Combine(crc32(first), crc32Shift(length), crc32(second))).toBe(
    crc32(Buffer.concat([first, second])),
  );
});
