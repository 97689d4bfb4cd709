import { closeSync, openSync, readSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';
import { setImmediate } from 'node:timers/promises';

/** TCP connection that retransmits, since its peer acknowledges nothing. */
export interface Retransmission {
  /** Both ends, as `endpointsOf` spells them. */
  readonly endpoints: string;
  /** Count of retransmissions since the last acknowledgement; 1 or more. */
  readonly count: number;
}

/** Tables of the network namespace of this process, one per address family. */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** Max bytes per read. */
const READ_BYTES = 64 * 1024;
/** Duration of reading after which other work gets its turn, ms. */
const SLICE_MS = 4;

/** Lines of established connections (state 01) whose retransmission timer runs (01) and has expired before. */
const RETRANSMITTING =
  /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) 01 [0-9A-F]{8}:[0-9A-F]{8} 01:[0-9A-F]{8} (?!0{8})([0-9A-F]{8}) /gm;

/**
 * Reads which connections of this machine retransmit, from the kernel's tables: one read for all sockets.
 *
 * @returns undefined where there are no such tables: elsewhere than on Linux
 * @throws errors of the file system other than that
 */
export async function readRetransmissions(
  tables: readonly string[] = TABLES,
): Promise<Retransmission[] | undefined> {
  const found: Retransmission[] = [];
  let readable = false;
  for (const table of tables) {
    try {
      for await (const lines of linesOf(table)) found.push(...parseRetransmissions(lines));
      readable = true;
    } catch (error) {
      // A kernel without IPv6 has one table.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'EACCES') throw error;
    }
  }
  return readable ? found : undefined;
}

/** Finds the connections that retransmit in lines of `/proc/net/tcp` or `/proc/net/tcp6`. */
export function parseRetransmissions(lines: string): Retransmission[] {
  return [...lines.matchAll(RETRANSMITTING)].map(
    ([, local = '', localPort = '', remote = '', port = '', count = '']) => ({
      endpoints: endpointsOf({
        localAddress: addressOf(local),
        localPort: Number.parseInt(localPort, 16),
        remoteAddress: addressOf(remote),
        remotePort: Number.parseInt(port, 16),
      }),
      count: Number.parseInt(count, 16),
    }),
  );
}

/** Spells both ends of a connection, as Node gives them. */
export function endpointsOf(socket: {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  const address = (text = '') => text.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/, '');
  return `${address(socket.localAddress)} ${socket.localPort} ${address(socket.remoteAddress)} ${socket.remotePort}`;
}

/** The kernel writes each 32 bits of an address as a number of this machine. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => {
    const four = [0, 2, 4, 6].map((at) => Number.parseInt(word.slice(at, at + 2), 16));
    return endianness() === 'LE' ? four.reverse() : four;
  });
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
  if (mapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

/**
 * Reads a file of the kernel in slices. Such a read never waits for a device, and returns one page at a time: hundreds of
 * round trips to the thread pool would cost five times as much.
 */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let text = '';
    let since = performance.now();
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      text += buffer.toString('latin1', 0, length);
      if (performance.now() - since < SLICE_MS) continue;
      const end = text.lastIndexOf('\n') + 1;
      yield text.slice(0, end);
      text = text.slice(end);
      await setImmediate();
      since = performance.now();
    }
    yield text;
  } finally {
    closeSync(file);
  }
}
