import type { ConnectionOptions } from 'mysql2/promise';
import { tlsOptions } from './tls.ts';

/**
 * Reads `mysql://user:password@host:port/database`, with `?socketPath=` for a Unix socket and `?ssl=true` for TLS with
 * a certificate that is valid and for this host (`?ssl=no-verify`: any certificate). `&ca=/path/to/ca.pem` names the
 * authorities to trust instead of the well-known ones.
 *
 * @throws TypeError that names the fault and never contains the password.
 */
export function parseDatabaseUrl(url: string): ConnectionOptions & { database: string } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TypeError('The database URL must look like mysql://user:password@host:3306/database.');
  }
  if (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:') {
    throw new TypeError(`The database URL must begin with mysql:// or mariadb://, not ${parsed.protocol}//.`);
  }
  const database = decode(parsed.pathname.slice(1));
  if (database === '') throw new TypeError('The database URL must name a database: mysql://…/database.');
  const socketPath = parsed.searchParams.get('socketPath');
  const ssl = parsed.searchParams.get('ssl');
  if (ssl !== null && !['true', 'false', 'no-verify'].includes(ssl)) {
    throw new TypeError('In the database URL, ssl must be true, false or no-verify.');
  }
  const caFile = parsed.searchParams.get('ca') ?? undefined;
  const host = parsed.hostname.replace(/^\[|\]$/g, '') || 'localhost';
  const address = socketPath === null ? { host, port: Number(parsed.port) || 3306 } : undefined;
  return {
    database,
    user: decode(parsed.username) || 'root',
    password: decode(parsed.password),
    ...(socketPath === null ? address : { socketPath }),
    ...(ssl === 'true' || ssl === 'no-verify' ? tlsOptions({ mode: ssl, address, caFile }) : {}),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError('The database URL has a % that is not part of an escape; write a plain % as %25.');
  }
}
