import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endpointsOf, parseRetransmissions, readRetransmissions } from '../../src/stream/tcp-table.ts';

// As a little-endian Linux writes them.
const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const V4 = (state: string, timer: string, count: string) =>
  `   7: 0105D50A:1130 0205D50A:D431 ${state} 000001F4:00000000 ${timer}:00000B2A ${count}     0        0 81234 3 0000000000000000 4200 4 30 10 7`;
const V6 =
  '   1: B80D0120000000000000000001000000:1130 B80D0120000000000000000002000000:D432 01 00000010:00000000 01:00000014 00000005     0        0 91 2 0000000000000000';
const MAPPED =
  '   2: 0000000000000000FFFF00000105D50A:1130 0000000000000000FFFF00000205D50A:D433 01 00000010:00000000 01:00000014 0000000B     0        0 92 2 0000000000000000';

describe('The table of TCP connections', () => {
  it('names those that retransmit, of both families, as Node spells their ends', () => {
    const lines = [HEADER, V4('01', '01', '00000003'), V6, MAPPED, ''].join('\n');
    expect(parseRetransmissions(lines)).toEqual([
      { endpoints: '10.213.5.1 4400 10.213.5.2 54321', count: 3 },
      { endpoints: '2001:db8::1 4400 2001:db8::2 54322', count: 5 },
      { endpoints: '10.213.5.1 4400 10.213.5.2 54323', count: 11 },
    ]);
    const socket = { localAddress: '::ffff:10.213.5.1', localPort: 4400 };
    expect(endpointsOf({ ...socket, remoteAddress: '::ffff:10.213.5.2', remotePort: 54323 })).toBe(
      '10.213.5.1 4400 10.213.5.2 54323',
    );
  });

  it.each([
    ['has acknowledged everything', V4('01', '00', '00000000')],
    ['has not acknowledged the newest bytes yet', V4('01', '01', '00000000')],
    ['has a full window and answers probes', V4('01', '04', '00000000')],
    ['has closed', V4('08', '01', '00000003')],
  ])('does not name one whose peer %s', (_what, line) => {
    expect(parseRetransmissions(`${HEADER}\n${line}\n`)).toEqual([]);
  });

  it('is read in pieces that end anywhere, and is none where there is no such file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tcp-table-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'tcp');
    const idle = V4('01', '00', '00000000');
    await writeFile(
      path,
      [HEADER, ...Array(10_000).fill(idle), V4('01', '01', '00000009'), ...Array(10_000).fill(idle), ''].join(
        '\n',
      ),
    );
    const missing = join(folder, 'tcp6');
    expect(await readRetransmissions([path, missing])).toEqual([
      { endpoints: '10.213.5.1 4400 10.213.5.2 54321', count: 9 },
    ]);
    expect(await readRetransmissions([missing])).toBeUndefined();
  });
});
