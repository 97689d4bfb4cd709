import { EmbeddedDatabaseError } from '../errors.ts';
import { aptInstall, aptIsUsable } from './apt.ts';
import { findMariaDb, type MariaDb, usualDirectories } from './find.ts';

const PACKAGE = 'mariadb-server-core';
const ALTERNATIVES =
  `Install it with \`apt-get install ${PACKAGE}\` or \`brew install mariadb\`, or run everything with ` +
  '`docker compose -f deploy/compose.yaml up`, or set DATABASE_URL to a database of your own.';

/** Sources of MariaDB. */
export interface MariaDbSources {
  readonly directories: Iterable<string>;
  /** Undefined where packages cannot be installed. */
  readonly install: ((packageName: string, signal?: AbortSignal) => Promise<void>) | undefined;
}

function usualSources(): MariaDbSources {
  return { directories: usualDirectories(), install: aptIsUsable() ? aptInstall : undefined };
}

/**
 * Finds MariaDB on this machine, or installs it where that needs no prompt.
 *
 * @param signal ends an installation at once
 * @throws EmbeddedDatabaseError with the alternatives, if it is missing and cannot be installed; the signal's reason.
 */
export async function obtainMariaDb(
  log: (line: string) => void,
  { directories, install }: MariaDbSources = usualSources(),
  signal?: AbortSignal,
): Promise<MariaDb> {
  const present = await findMariaDb(directories);
  if (present) return present;
  if (!install) throw new EmbeddedDatabaseError(`MariaDB is not installed here. ${ALTERNATIVES}`);

  log(`installing ${PACKAGE} with apt-get, once`);
  try {
    await install(PACKAGE, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw new EmbeddedDatabaseError(
      `MariaDB is not installed here, and apt-get could not install it. ${ALTERNATIVES}\n${(error as Error).message}`,
    );
  }
  const installed = await findMariaDb(directories);
  if (!installed)
    throw new EmbeddedDatabaseError(`${PACKAGE} is installed but no server was found. ${ALTERNATIVES}`);
  return installed;
}
