import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuthConfig, Config } from './config.ts';

/** Completes the secrets of the configuration with the development secret, where one is missing. */
export async function completeSecrets({ auth, dataDirectory }: Config): Promise<AuthConfig> {
  if (auth.secret !== undefined) return auth;
  if (auth.jwksUrl === undefined) return { ...auth, secret: await developmentSecret(dataDirectory) };
  return { ...auth, liveSecret: auth.liveSecret ?? (await developmentSecret(dataDirectory)) };
}

/**
 * Secret of a developer's machine: random, made on first use, stored in `<directory>/secret` and readable by this user
 * alone. Two processes that start at once get the same one.
 *
 * @throws Error where the file contains something else
 */
export async function developmentSecret(directory: string): Promise<string> {
  const path = join(directory, 'secret');
  const kept = await read(path);
  if (kept !== undefined) return kept;

  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    // A link is atomic: it appears with its whole content, and fails where the file exists.
    await link(draft, path).catch(ignoreExisting);
  } finally {
    await rm(draft, { force: true });
  }
  return (await read(path)) ?? developmentSecret(directory);
}

async function read(path: string): Promise<string | undefined> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const secret = content.trim();
  if (!/^[\w-]{43}$/.test(secret))
    throw new Error(`${path} does not contain a development secret. Delete it, and a new one is made.`);
  await chmod(path, 0o600);
  return secret;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
