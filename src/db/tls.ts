import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'mysql2/promise';

export interface TlsChoice {
  /** `true`: the certificate must be valid and be for `host`. `no-verify`: any certificate is taken. */
  readonly mode: 'true' | 'no-verify';
  /** Undefined over a Unix socket, whose other end has no name to be verified. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** A PEM file with the authorities that are trusted instead of the well-known ones. Read for each connection. */
  readonly caFile: string | undefined;
}

const KEEP_ALIVE_DELAY_MS = 10_000;

/**
 * mysql2's options for TLS. mysql2 verifies whom a certificate is for only with `verifyIdentity`; without it, any
 * certificate of a trusted authority passes for every host.
 *
 * @throws TypeError when the file of the authorities cannot be read
 */
export function tlsOptions({ mode, address, caFile }: TlsChoice): Pick<ConnectionOptions, 'ssl' | 'stream'> {
  const ca = caFile === undefined ? {} : { ca: readAuthorities(caFile) };
  if (mode === 'no-verify') return { ssl: { rejectUnauthorized: false } };
  const ssl = { rejectUnauthorized: true, verifyIdentity: address !== undefined, ...ca };
  if (address === undefined || isIP(address.host) === 0) return { ssl };
  return { ssl, stream: () => connectToAddress(address) };
}

/**
 * A socket to an IP address under whose name TLS verifies the certificate. TLS has no server name for an address, and
 * Node then takes the host of the socket, which it records for host names only; where it finds none, it accepts a
 * certificate for `localhost` in place of the address.
 */
function connectToAddress({ host, port }: { readonly host: string; readonly port: number }): Socket {
  const socket = connect(port, host);
  (socket as Socket & { _host?: string | null })._host = host;
  socket.setNoDelay(true);
  socket.once('connect', () => socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS));
  return socket;
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TypeError(`The database URL names ${file} as ca, which cannot be read (${code}).`);
  }
}
