import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [resolve(import.meta.dirname, 'run.mjs'), ...args]);

test.skipIf(inject('databaseKind') !== 'mariadb')(
  'three nodes under a seeded schedule of faults lose, double, reorder and leak nothing',
  { timeout: 300_000 },
  async () => {
    const { stdout } = await run('--seed', '1', '--faults', '7', '--set', 'basic', '--readers', '60');
    expect(stdout).toContain('seed 1;');
    expect(stdout).toMatch(/^lost: 0$/m);
  },
);
