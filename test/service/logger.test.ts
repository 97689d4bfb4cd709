import { expect, test } from 'vitest';
import { createOutput } from '../../src/service/logger.ts';

const errorOf = (code: string) => Object.assign(new Error(code), { code });

test('A line that cannot be written is lost, and the next one is written', () => {
  let written = '';
  const failures = ['EIO', 'ENOSPC', 'EPIPE'];
  const output = createOutput((bytes) => {
    const code = failures.shift();
    if (code !== undefined) throw errorOf(code);
    // The kernel may take less than it is given.
    const part = Buffer.from(bytes).subarray(0, 3);
    written += part;
    return part.length;
  });
  for (const line of ['one', 'two', 'three', 'four and more']) output.write(line);
  expect(written).toBe('four and more');
});

test('A reader that does not keep up is waited for, but not for ever', () => {
  let written = '';
  let busy = 3;
  const output = createOutput((bytes) => {
    if (busy-- > 0) throw errorOf('EAGAIN');
    written += Buffer.from(bytes);
    return bytes.length;
  });
  output.write('one');
  expect(written).toBe('one');
  busy = 1_000;
  output.write('two');
  busy = 0;
  output.write('three');
  expect(written).toBe('onethree');
});
