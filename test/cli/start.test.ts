import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { environment } from '../support/service.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/main.js');

describe('The built service, as it is started', { timeout: 90_000 }, () => {
  const test = prepareDatabase();

  function start(env: Record<string, string>) {
    const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env.PATH ?? '', ...env } });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  }

  /** What a start says that fails. */
  async function failure(env: Record<string, string>): Promise<string> {
    const child = start(env);
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(code).toBe(1);
    return said;
  }

  it('reports in a sentence, and without a password, why it cannot start', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = (taken.address() as { port: number }).port;
    expect(await failure(environment(test.url, { PORT: String(port) }))).toBe(
      `Cannot listen at 127.0.0.1, port ${port}: the port is in use. Set HOST and PORT to a free address of this machine.\n`,
    );
    expect(await failure(environment(test.url, { HOST: 'nowhere.invalid' }))).toMatch(
      /^Cannot listen at nowhere\.invalid, port 0: [^\n]+\n$/,
    );
    // Nothing listens on port 1.
    expect(await failure(environment('mysql://someone:hidden@127.0.0.1:1/nothing'))).toBe(
      'The database cannot be reached: nothing listens there.\n',
    );
    expect(await failure({ ...environment('nonsense'), TRUST_PROXY: '-1', JWT_SECRET: '' })).toMatch(
      /^There are 3 mistakes in the configuration [^\n]+(\n {2}[A-Z_]+: [^\n]+){3}\n$/,
    );
    taken.close();
  });

  it('leaves no database of its own running where it cannot listen', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const directory = await mkdtemp(join(tmpdir(), 'codecraft-start-'));
    const { DATABASE_URL: _, ...env } = environment('', {
      PORT: String((taken.address() as { port: number }).port),
      DATA_DIR: directory,
    });
    expect(await failure(env)).toContain('the port is in use');
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
    expect(stdout.split('\n').filter((args) => args.includes(directory))).toEqual([]);
    taken.close();
    await rm(directory, { recursive: true });
  });

  it.each([
    ['test', true],
    ['production', false],
  ])('greets with tokens while trying it out, and never in earnest (%s)', async (NODE_ENV, greets) => {
    const child = start(
      environment(test.url, {
        NODE_ENV,
        ...(greets ? { DEMO: 'on-this-database', DEMO_INTERVAL_MS: '86400000' } : {}),
        LOG_LEVEL: 'info',
        HOST: '::1',
      }),
    );
    let all = '';
    child.stdout.on('data', (chunk) => {
      all += chunk;
    });
    await vi.waitUntil(() => all.includes('"listening"'), { timeout: 60_000 });
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(/eyJ[\w-]+\./.test(all)).toBe(greets);
    expect(/curl -N 'http:\/\/\[::1\]:\d+\/streams/.test(all)).toBe(greets);
  });
});
