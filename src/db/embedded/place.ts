import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedDatabaseError } from './failure.ts';

/** Where everything of one embedded database lies. */
export interface Place {
  /** Mode 0700; all but a long socket path lies below it. */
  readonly root: string;
  readonly data: string;
  /** Temporary tables. Never shared: a server that starts clears it of what looks like its own. */
  readonly scratch: string;
  readonly socket: string;
  /** The server's own error log. */
  readonly log: string;
  /** Which process serves the data: a ProcessIdentity. */
  readonly serverRecord: string;
}

/** What fits into sockaddr_un.sun_path with its closing NUL. */
const LONGEST_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

/**
 * Makes the directories, readable by this user alone: the socket has no password, its directory is the lock on the door.
 *
 * @throws EmbeddedDatabaseError if one of them belongs to somebody else.
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
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_PATH) return near;
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
