import type { AuthConfig, HttpConfig } from '../config/config.ts';
import type { Queries } from '../db/database.ts';
import { createAuthenticator } from './authenticate.ts';
import { createGrants, type Grants } from './grants.ts';
import type { Authenticate } from './identity.ts';
import type { JwksOptions } from './jwks.ts';
import { deriveKeys } from './keys.ts';
import { createPlatformVerifier } from './platform-token.ts';
import { createRevocations, type Revocations } from './revocations.ts';
import { createTickets, type Tickets } from './ticket.ts';
import { createUsers, type Users } from './users.ts';

/** Authentication and access of callers. */
export interface Auth {
  readonly authenticate: Authenticate;
  readonly grants: Grants;
  readonly tickets: Tickets;
  readonly revocations: Revocations;
  readonly users: Users;
}

export interface AuthOptions {
  /** Complete with its secrets (`completeSecrets`). */
  readonly auth: AuthConfig;
  readonly http: Pick<HttpConfig, 'origins' | 'trustProxy'>;
  readonly database: Pick<Queries, 'query' | 'execute'>;
  /** For rechecks of open streams. Default: `database`. */
  readonly background?: Pick<Queries, 'query'>;
  readonly heartbeatTimeoutMs: number;
  /** Observes that the tokens of a user were revoked on this node. */
  readonly onRevoked?: (userId: number) => void;
  /** The database's time, by which tokens expire, in ms since 1970. Default: this machine's. */
  readonly now?: () => number;
  /** Monotonic clock of the caches' intervals, in ms. Default: `performance.now()`. */
  readonly monotonic?: () => number;
  readonly jwks?: Omit<JwksOptions, 'now'>;
}

export function createAuth(options: AuthOptions): Auth {
  const { auth, http, database, background = database, heartbeatTimeoutMs, jwks } = options;
  const clock = options.now === undefined ? {} : { now: options.now };
  const { monotonic = () => performance.now() } = options;
  const intervals = { now: monotonic };
  const keys = deriveKeys(auth);
  const users = createUsers(database, intervals);
  const tickets = createTickets({ key: keys.ticket, ttlS: auth.ticketTtlS, ...clock });
  const verifyPlatformToken = createPlatformVerifier(auth, keys.platform, { ...jwks, ...clock, monotonic });
  return {
    users,
    tickets,
    grants: createGrants(database, users, { ...intervals, background }),
    revocations: createRevocations(database, users, options.onRevoked),
    authenticate: createAuthenticator({
      http,
      database,
      keys,
      users,
      tickets,
      verifyPlatformToken,
      heartbeatTimeoutMs,
      monotonic,
      ...clock,
    }),
  };
}
