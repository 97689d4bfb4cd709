import type { Connection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { packetLimitOf } from '../../src/db/packet-limit.ts';

test('The packet limit of a connection is read once, and again where the read was killed', async () => {
  const answers = [() => Promise.reject(new Error('killed')), async () => [[{ bytes: 65_536 }]]];
  const connection = { query: () => answers.shift()?.() } as unknown as Connection;
  await expect(packetLimitOf(connection)).rejects.toThrow('killed');
  await expect(packetLimitOf(connection)).resolves.toBe(65_536);
  expect(packetLimitOf(connection)).toBe(65_536);
});
