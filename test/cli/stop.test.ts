import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MAIN, PROGRAM_WAIT, processesOf, startProgram } from '../support/program.ts';
import { freePort } from '../support/wire/free-port.ts';

/** Whether a mount namespace of its own can hide programs of this machine from one process. */
const CAN_HIDE = spawnSync('unshare', ['--mount', 'true']).status === 0;

describe('The built service with a database of its own, as it is stopped', { timeout: 180_000 }, () => {
  async function place(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'codecraft-stop-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
    return directory;
  }

  const exitOf = (child: ChildProcess) => once(child, 'exit');

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'closes everything on %s, also if it comes twice',
    async (signal) => {
      const directory = await place();
      const { child, says } = startProgram([process.execPath, MAIN], { DATA_DIR: directory, PORT: '0' });
      await says('listening');
      expect(await processesOf(directory)).toHaveLength(1);
      const exited = exitOf(child);
      // As npm passes on what the terminal sends to both.
      child.kill(signal);
      child.kill(signal);
      expect(await exited).toEqual([0, null]);
      await says('"closed"');
      expect(await processesOf(directory)).toEqual([]);
    },
  );

  it('ends everything at once at a second signal', async () => {
    const directory = await place();
    const port = await freePort();
    const { child, says } = startProgram([process.execPath, MAIN], {
      DATA_DIR: directory,
      PORT: String(port),
      SHUTDOWN_DRAIN_MS: '600000',
    });
    await says('listening');
    child.kill('SIGTERM');
    await vi.waitFor(
      async () => expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(503),
      PROGRAM_WAIT,
    );
    const exited = exitOf(child);
    let over = false;
    void exited.then(() => {
      over = true;
    });
    while (!over) {
      child.kill('SIGINT');
      await sleep(100);
    }
    expect(await exited).toEqual([130, null]);
    await vi.waitFor(async () => expect(await processesOf(directory)).toEqual([]), PROGRAM_WAIT);
  });

  it.runIf(CAN_HIDE)('ends an installation of MariaDB at once', async () => {
    const directory = await place();
    const fake = join(directory, 'apt-get');
    await writeFile(fake, `#!/bin/sh\ntail -f ${fake} & echo started > ${directory}/started; wait\n`);
    await chmod(fake, 0o755);
    // Where MariaDB is not installed, and apt-get takes its time.
    const hide = [
      `mount --bind ${fake} /usr/bin/apt-get`,
      'for server in /usr/sbin/mariadbd /usr/sbin/mysqld /usr/bin/mariadbd /usr/bin/mysqld; do',
      '  if [ -e $server ]; then mount --bind /dev/null $server; fi',
      'done',
      `exec ${process.execPath} ${MAIN}`,
    ];
    const { child, says } = startProgram(['unshare', '--mount', 'sh', '-ec', hide.join('\n')], {
      DATA_DIR: join(directory, 'data'),
      PORT: '0',
    });
    await says('installing mariadb-server-core');
    await vi.waitFor(async () => expect(await readdir(directory)).toContain('started'), PROGRAM_WAIT);
    expect(await processesOf(directory)).not.toEqual([]);
    const exited = exitOf(child);
    child.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    await vi.waitFor(async () => expect(await processesOf(directory)).toEqual([]), PROGRAM_WAIT);
  });

  it.each(['test', 'development'])(
    'closes its database and ends when its terminal is gone (%s)',
    async (NODE_ENV) => {
      const directory = await place();
      // The title marks the process: its command line then names the folder.
      const command = `${process.execPath} --title=${directory} ${MAIN}`;
      const env = { NODE_ENV, DATA_DIR: directory, PORT: '0' };
      const { child, says } = startProgram(['script', '-qec', command, '/dev/null'], env);
      await says('listening');
      expect(await processesOf(directory)).not.toEqual([]);
      child.kill('SIGKILL');
      await vi.waitFor(async () => expect(await processesOf(directory)).toEqual([]), PROGRAM_WAIT);
      expect(await readFile(join(directory, 'mariadb/error.log'), 'utf8')).toContain('Shutdown complete');
    },
  );
});
