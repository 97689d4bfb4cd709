import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readRetransmittedSegments } from '../../src/stream/tcp-counters.ts';

it('the count of retransmitted segments is found by its name, whatever else the kernel counts', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tcp-counters-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'snmp');
  await writeFile(
    path,
    [
      'Ip: Forwarding DefaultTTL',
      'Ip: 1 64',
      'Tcp: RtoAlgorithm MaxConn InSegs RetransSegs InErrs',
      'Tcp: 1 -1 98991541 445460 27268',
      'Udp: InDatagrams',
      'Udp: 12',
      '',
    ].join('\n'),
  );
  expect(readRetransmittedSegments(path)).toBe(445_460);
  await writeFile(path, 'Tcp: RtoAlgorithm\nTcp: 1\n');
  expect(readRetransmittedSegments(path)).toBeUndefined();
  expect(readRetransmittedSegments(join(directory, 'none'))).toBeUndefined();
});
