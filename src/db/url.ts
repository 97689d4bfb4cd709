import type { ConnectionOptions } from 'mysql2/promise';

/**
 * Reads `mysql://user:password@host:port/database`, with `?socketPath=` for a Unix socket and `?ssl=true` for TLS
 * whose certificate is verified (`?ssl=no-verify`: not verified).
 *
 * @throws TypeError that says what is wrong and never holds the password.
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
  return {
    database,
    user: decode(parsed.username) || 'root',
    password: decode(parsed.password),
    ...(socketPath === null
      ? { host: parsed.hostname.replace(/^\[|\]$/g, '') || 'localhost', port: Number(parsed.port) || 3306 }
      : { socketPath }),
    ...(ssl === null || ssl === 'false' ? {} : { ssl: { rejectUnauthorized: ssl === 'true' } }),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError('The database URL has a % that is not part of an escape; write a plain % as %25.');
  }
}
