import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { explain } from '../../src/cli/failure.ts';
import { openConnection } from '../../src/db/connect.ts';
import { ensureDataDirectory } from '../../src/db/embedded/data-directory.ts';
import { obtainMariaDb } from '../../src/db/embedded/install.ts';
import { preparePlace } from '../../src/db/embedded/place.ts';
import { type Authority, createAuthority } from '../support/wire/certificates.ts';
import { freePort } from '../support/wire/free-port.ts';

describe('TLS towards a MariaDB with certificates of an authority of its own', { timeout: 120_000 }, () => {
  let directory: string;
  let authority: Authority;
  let port: number;
  let socketPath: string;
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'codecraft-tls-'));
    authority = await createAuthority(directory);
    await install('DNS:localhost');
    const mariadb = await obtainMariaDb(() => {});
    const place = await preparePlace(directory);
    await ensureDataDirectory(place, mariadb);
    socketPath = place.socket;
    port = await freePort();
    const server = spawn(
      mariadb.program,
      [
        '--no-defaults',
        ...(process.getuid?.() === 0 ? ['--user=root'] : []),
        `--datadir=${place.data}`,
        `--tmpdir=${place.scratch}`,
        `--socket=${socketPath}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        '--skip-name-resolve',
        `--ssl-cert=${join(directory, 'cert.pem')}`,
        `--ssl-key=${join(directory, 'key.pem')}`,
      ],
      { stdio: 'ignore' },
    );
    stop = async () => {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    };
    await vi.waitFor(() => asRoot('SELECT 1'), { timeout: 60_000 });
  });
  afterAll(async () => {
    await stop?.();
    await rm(directory, { recursive: true, force: true });
  });

  async function install(names: string): Promise<void> {
    const { certFile, keyFile } = await authority.issue(names);
    await copyFile(certFile, join(directory, 'cert.pem'));
    await copyFile(keyFile, join(directory, 'key.pem'));
  }

  async function asRoot(sql: string): Promise<void> {
    const connection = await createConnection({ socketPath, user: 'root' });
    await connection.query(sql).finally(() => connection.destroy());
  }

  /** Whether a connection is encrypted, or what an operator reads where there is none. */
  async function outcome(host: string, parameters: string): Promise<string> {
    const url = `mysql://root@${host}:${port}/mysql?${parameters.replace('CA', `ca=${authority.caFile}`)}`;
    try {
      const connection = await openConnection({ url, connectTimeoutMs: 15_000, statementTimeoutMs: 0 });
      const [rows] = await connection.query("SHOW STATUS LIKE 'Ssl_cipher'");
      connection.destroy();
      return (rows as { Value: string }[])[0]?.Value === '' ? 'no TLS' : 'TLS';
    } catch (error) {
      return explain(error);
    }
  }

  const WRONG_NAME = expect.stringMatching(
    /^The database cannot be reached: TLS failed, Hostname.IP does not match/,
  );

  it.each([
    { names: 'DNS:localhost', localhost: 'TLS', address: WRONG_NAME },
    { names: 'IP:127.0.0.1', localhost: WRONG_NAME, address: 'TLS' },
    { names: 'IP:127.0.0.2', localhost: WRONG_NAME, address: WRONG_NAME },
    { names: 'DNS:other.example', localhost: WRONG_NAME, address: WRONG_NAME },
  ])(
    'accepts a certificate for $names where it is for the host alone',
    async ({ names, localhost, address }) => {
      await install(names);
      await asRoot('FLUSH SSL');
      expect(await outcome('localhost', 'ssl=true&CA')).toEqual(localhost);
      expect(await outcome('127.0.0.1', 'ssl=true&CA')).toEqual(address);
      // Also the second time, when there may be a TLS session to be resumed.
      expect(await outcome('localhost', 'ssl=true&CA')).toEqual(localhost);
      expect(await outcome('127.0.0.1', 'ssl=true&CA')).toEqual(address);
    },
  );

  it('refuses an authority that is not trusted, and takes anything where nothing is to be verified', async () => {
    expect(await outcome('localhost', 'ssl=true')).toMatch(
      /^The database cannot be reached: TLS failed, (?:unable to verify|self-signed)/,
    );
    expect(await outcome('localhost', 'ssl=no-verify')).toBe('TLS');
    expect(await outcome('127.0.0.1', 'ssl=false')).toBe('no TLS');
  });

  it('names a file of authorities that cannot be read', async () => {
    await expect(
      openConnection({
        url: 'mysql://h/d?ssl=true&ca=/nowhere/ca.pem',
        connectTimeoutMs: 1,
        statementTimeoutMs: 0,
      }),
    ).rejects.toThrow('/nowhere/ca.pem as ca, which cannot be read (ENOENT)');
  });
});
