import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedDatabaseError } from '../errors.ts';

/** Paths of one embedded database. */
export interface Place {
  /** Parent of all but a long socket path; mode 0700. */
  readonly root: string;
  readonly data: string;
  /** Temporary tables. Never shared: a server deletes files that look like its own when it starts. */
  readonly scratch: string;
  readonly socket: string;
  /** The server's own error log. */
  readonly log: string;
  /** ProcessIdentity of the server, as JSON. */
  readonly serverRecord: string;
}

/** Max length of sockaddr_un.sun_path without its NUL. */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

/**
 * Creates the directories, accessible by this user only: the socket has no password, so that its directory protects it.
 *
 * @throws EmbeddedDatabaseError if one of them belongs to another user.
 */
export async function preparePlace(directory: string): Promise<Place> {
  const root = await privateDirectory(join(directory, 'mariadb'));
  return {
    root,
    data: join(root, 'data'),
    scratch: await privateDirectory(join(root, 'tmp')),
    socket: await socketPath(root),
    log: join(root, 'error.log'),
    serverRecord: join(root, 'server.json'),
  };
}

async function socketPath(root: string): Promise<string> {
  const near = join(root, 'mariadb.sock');
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH) return near;
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return join(await privateDirectory(join(tmpdir(), `codecraft-live-${hash}`)), 'mariadb.sock');
}

async function privateDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new EmbeddedDatabaseError(
      `${path} must be a directory that belongs to the user who runs the service.`,
    );
  }
  await chmod(path, 0o700);
  return realpath(path);
}
