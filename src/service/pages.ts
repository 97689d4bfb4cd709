import { fileURLToPath } from 'node:url';
import { mintPlatformToken } from '../auth/mint.ts';
import type { AuthConfig, Config } from '../config.ts';
import type { Queries } from '../db/database.ts';
import { readDemoIdentities } from '../demo/identities.ts';
import { demoRoutes } from '../http/demo.ts';
import type { Router } from '../http/router.ts';
import { webRoutes } from '../http/web.ts';

export interface PagesOptions {
  readonly config: Pick<Config, 'mode' | 'demo'>;
  /** With its secrets filled in. */
  readonly auth: Pick<AuthConfig, 'secret'>;
  readonly database: Pick<Queries, 'query'>;
}

/** Where `npm run build` puts the pages: the same folder seen from the sources and from the build. */
const FOLDER = fileURLToPath(new URL('../../dist/web', import.meta.url));

/** The pages, and the way in for visitors where the data is made up. */
export function pageRouters({ config, auth, database }: PagesOptions): Router[] {
  const { secret } = auth;
  const open = config.demo.enabled && config.mode !== 'production' && secret !== undefined;
  const demo = open
    ? demoRoutes({
        identities: () => readDemoIdentities(database),
        mint: (userId, lifetimeS) => mintPlatformToken(secret, userId, { lifetimeS }),
      })
    : undefined;
  return [webRoutes({ folder: FOLDER }), ...(demo ? [demo] : [])];
}
