import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { developmentSecret } from '../../src/config/secret.ts';

let parent: string;
let directory: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'live-secret-'));
  directory = join(parent, 'data');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

describe('developmentSecret', () => {
  it('is random, kept, and readable by its owner alone', async () => {
    const secret = await developmentSecret(directory);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(await developmentSecret(directory)).toBe(secret);
    expect((await stat(join(directory, 'secret'))).mode & 0o777).toBe(0o600);
  });

  it('is one secret for processes that start at once, and leaves no drafts behind', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => developmentSecret(directory)));
    expect(new Set(secrets).size).toBe(1);
    expect(await readdir(directory)).toEqual(['secret']);
  });

  it('takes away from others what a careless copy gave them', async () => {
    const secret = await developmentSecret(directory);
    const path = join(directory, 'secret');
    await rm(path);
    await writeFile(path, secret, { mode: 0o644 });
    await developmentSecret(directory);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('does not sign with a file that holds something else', async () => {
    await developmentSecret(directory);
    const path = join(directory, 'secret');
    await writeFile(path, 'secret\n');
    await expect(developmentSecret(directory)).rejects.toThrow(/does not contain a development secret/);
    expect(await readFile(path, 'utf8')).toBe('secret\n');
  });
});
