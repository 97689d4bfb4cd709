import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { deriveKeys } from '../auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from '../auth/mint.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { completeSecrets } from '../config/secret.ts';
import type { Database } from '../db/database.ts';
import { findDemo } from '../demo/find.ts';
import type { CliContext } from './context.ts';
import { withDatabase } from './database-access.ts';
import type { CliIdentity } from './given-token.ts';
import { anAdmin, type Person, personOfPlayer, personOfUser, requireSharedSecret } from './identities.ts';
import { safeText } from './safe-text.ts';
import { isLocal } from './service-url.ts';

/** Lifetime of tokens that the command line makes for itself, s. */
const LIFETIME_S = 3600;

/**
 * Configuration of a quickstart on this machine: an embedded database, and the secret that it stored. Undefined where the
 * service is remote or in production: then no token is made up.
 */
export function quickstartConfig(url: URL, env: CliContext['env']): Config | undefined {
  if (!isLocal(url)) return undefined;
  let config: Config;
  try {
    config = loadConfig(env);
  } catch {
    return undefined;
  }
  if (config.mode === 'production' || config.database.kind !== 'embedded') return undefined;
  const hasSecret = config.auth.secret !== undefined || existsSync(join(config.dataDirectory, 'secret'));
  return hasSecret ? config : undefined;
}

/** Identity that may subscribe to these scopes in the quickstart: the player that they are about, else an admin. */
export async function quickstartListener(config: Config, scopes: readonly string[]): Promise<CliIdentity> {
  const secret = requireSharedSecret(await completeSecrets(config));
  const person = await withDatabase(config.database, (database) => listenerFor(database, scopes));
  const player = person.playerId === undefined ? 'admin' : `player ${person.playerId}`;
  return {
    who: `${safeText(person.name)} (${player})`,
    token: () => mintPlatformToken(secret, person.userId, { lifetimeS: LIFETIME_S }),
  };
}

/** Identity of a publishing service in the quickstart. */
export async function quickstartService(config: Config): Promise<CliIdentity> {
  const { service } = deriveKeys(await completeSecrets(config));
  return { who: 'service cli', token: () => mintServiceToken(service, 'cli', { lifetimeS: LIFETIME_S }) };
}

async function listenerFor(database: Database, scopes: readonly string[]): Promise<Person> {
  const demo = await findDemo(database);
  const players = [...new Set(scopes.flatMap((scope) => /^player:(\d+|me)$/.exec(scope)?.[1] ?? []))];
  const [only] = players;
  if (only !== undefined && players.length === 1) {
    if (only !== 'me') return personOfPlayer(database, Number(only));
    if (demo !== undefined) return personOfUser(database, demo.userId);
  }
  return demo === undefined ? anAdmin(database) : personOfUser(database, demo.adminUserId);
}
