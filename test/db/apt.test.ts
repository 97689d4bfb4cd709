import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { aptInstall } from '../../src/db/embedded/apt.ts';
import { identify } from '../../src/db/embedded/process-identity.ts';

/** A program in the place of apt-get. */
async function fakeAptGet(script: string) {
  const directory = await mkdtemp(join(tmpdir(), 'codecraft-apt-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const program = join(directory, 'apt-get');
  await writeFile(program, `#!/bin/sh\ncd ${directory}\necho "$*" >> calls\n${script}\n`);
  await chmod(program, 0o755);
  const lines = async (name: string) =>
    (await readFile(join(directory, name), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
  return { program, lines };
}

test.each(['', "trap '' TERM"])(
  'An installation is ended at once, with all that it runs (%s)',
  async (trap) => {
    const { program, lines } = await fakeAptGet(`${trap}\nsleep 1000 & echo $$ $! >> pids; wait; wait`);
    const ending = new AbortController();
    const installed = aptInstall('mariadb-server-core', ending.signal, program);
    installed.catch(() => {});
    await vi.waitFor(async () => expect(await lines('pids')).toHaveLength(1));
    ending.abort(new Error('Ctrl-C'));
    await expect(installed).rejects.toThrow('Ctrl-C');
    const pids = (await lines('pids'))[0]?.split(' ').map(Number) ?? [];
    await vi.waitFor(() => expect(pids.map(identify)).toEqual([undefined, undefined]));
    // It is not tried again with newer lists of packages.
    expect(await lines('calls')).toHaveLength(1);
  },
);

test('An installation that fails is tried again with newer lists of packages', async () => {
  const { program, lines } = await fakeAptGet(
    'case "$*" in *install*) echo no such package >&2; exit 100;; esac',
  );
  await expect(aptInstall('nothing', undefined, program)).rejects.toThrow('no such package');
  expect((await lines('calls')).map((call) => call.split(' ').find((word) => /^[iu]/.test(word)))).toEqual([
    'install',
    'update',
    'install',
  ]);
});
