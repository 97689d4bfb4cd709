import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [resolve(import.meta.dirname, 'run.mjs'), ...args]);

const FAULTS = ['kill -9 of a node', 'kill -9 of the database', 'all client connections cut'];

/** Well under a minute on a machine of its own; a busy one gets far longer. */
test.skipIf(inject('databaseKind') !== 'mariadb')(
  'two nodes under a seeded schedule of faults lose, double, reorder and leak nothing',
  { timeout: 600_000 },
  async () => {
    const { stdout } = await run('--seed=1', '--faults=3', '--nodes=2', '--readers=30', `--only=${FAULTS}`);
    expect(stdout).toContain('seed 1;');
    expect(stdout).toMatch(/^lost: 0$/m);
  },
);
