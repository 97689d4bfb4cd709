import { readFileSync } from 'node:fs';

/** Counters of the network namespace of this process: a line of names, and one of values, for each protocol. */
const COUNTERS = '/proc/self/net/snmp';

/**
 * Reads how many segments this machine has retransmitted, over IPv4 and IPv6: one short read, however many connections there are.
 *
 * @returns undefined where there is no such counter: elsewhere than on Linux
 */
export function readRetransmittedSegments(path = COUNTERS): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
  const [names = '', values = ''] = text.split('\n').filter((line) => line.startsWith('Tcp:'));
  const value = values.split(' ')[names.split(' ').indexOf('RetransSegs')];
  return value === undefined ? undefined : Number(value);
}
