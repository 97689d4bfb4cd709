import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedDatabaseError } from '../errors.ts';
import { identify, isRunning, parseIdentity } from './process-identity.ts';

/** Exclusive right to start and stop the database of one directory. Ends with the process at the latest. */
export interface Claim {
  release(): Promise<void>;
}

/**
 * Acquires the claim to a directory. Claims are files `claim.1`, `claim.2`, …, each naming a process; the highest one counts. It is never deleted before a
 * higher one exists, and `link` makes each number once, so of several processes that find a dead owner one succeeds.
 *
 * @throws EmbeddedDatabaseError if a living process holds the directory.
 */
export async function claimDirectory(directory: string): Promise<Claim> {
  const draft = join(directory, `draft-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      const highest = Math.max(0, ...(await claims(directory)));
      const owner = await ownerOf(claimPath(directory, highest));
      if (owner) {
        throw new EmbeddedDatabaseError(
          `Process ${owner.pid} already runs the embedded database in ${directory}: stop it first, or use another directory.`,
        );
      }
      const mine = claimPath(directory, highest + 1);
      if (!(await linked(draft, mine))) continue;
      const all = await claims(directory);
      if (Math.max(...all) > highest + 1) {
        await rm(mine, { force: true });
        continue;
      }
      await Promise.all(
        all.filter((n) => n <= highest).map((n) => rm(claimPath(directory, n), { force: true })),
      );
      return { release: () => truncate(mine) };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

const claimPath = (directory: string, number: number) => join(directory, `claim.${number}`);

async function claims(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => /^claim\.(\d+)$/.exec(name)?.[1] ?? []).map(Number);
}

async function ownerOf(path: string) {
  const owner = parseIdentity(await readFile(path, 'utf8').catch(() => ''));
  return owner && isRunning(owner) ? owner : undefined;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
