import type { HttpConfig } from '../config/config.ts';
import type { Queries } from '../db/database.ts';
import { Problem } from '../protocol/problem.ts';
import { type Ready, whenReady } from '../util/when-ready.ts';
import { type Credential, credentialOf } from './credential.ts';
import type { AccountId, Authenticate, Identity, ServiceIdentity, UserIdentity } from './identity.ts';
import type { Keys } from './keys.ts';
import { type AuthRequest, requireCookieOrigin } from './origin.ts';
import type { VerifyPlatformToken } from './platform-token.ts';
import { createTicketCheck } from './reopening.ts';
import { createServiceTokens } from './service-token.ts';
import type { Tickets } from './ticket.ts';
import { type Account, refusalOf, type Users } from './users.ts';

export interface AuthenticatorParts {
  readonly http: Pick<HttpConfig, 'origins' | 'trustProxy'>;
  readonly database: Pick<Queries, 'query'>;
  readonly keys: Keys;
  readonly users: Users;
  readonly tickets: Tickets;
  readonly verifyPlatformToken: VerifyPlatformToken;
  readonly heartbeatTimeoutMs: number;
  readonly now?: () => number;
  /** Clock of the verified tokens' cache, in ms. */
  readonly monotonic?: () => number;
}

/** How an account is read: what admits it before, and whether the cache is left out. */
interface Reading {
  readonly admit: (account: AccountId) => Ready<void>;
  readonly fresh: boolean;
}

export function createAuthenticator(parts: AuthenticatorParts): Authenticate {
  const { keys, users, tickets, now = Date.now } = parts;
  const mayUse = createTicketCheck(parts.database, parts.heartbeatTimeoutMs);
  const serviceTokens = createServiceTokens(keys.service, parts.monotonic ? { now: parts.monotonic } : {});

  async function byToken(token: string, { admit, fresh }: Reading): Promise<UserIdentity> {
    const { userId, issuedAt, expiresAt } = await parts.verifyPlatformToken(token);
    await admit({ kind: 'user', userId });
    const account = requireAccount(await users.find(userId, fresh), issuedAt, 'token-invalid');
    return { kind: 'user', ...identityFieldsOf(account), issuedAt, expiresAt };
  }

  async function byTicket(text: string, { admit, fresh }: Reading): Promise<UserIdentity> {
    const ticket = await tickets.read(text);
    const { id, scopes, userId, issuedAt, until } = ticket;
    await admit({ kind: 'user', userId });
    const account = requireAccount(await users.find(userId, fresh), issuedAt, 'ticket-invalid');
    if (!(await mayUse(ticket))) throw new Problem('ticket-invalid');
    return { kind: 'user', ...identityFieldsOf(account), issuedAt, expiresAt: until, ticket: { id, scopes } };
  }

  const admitService = (identity: ServiceIdentity, { admit }: Reading): Ready<ServiceIdentity> =>
    whenReady(admit(identity), () => identity);

  function byCredential(credential: Credential, request: AuthRequest, reading: Reading): Ready<Identity> {
    const { from, text } = credential;
    if (from === 'ticket') return byTicket(text, reading);
    if (from === 'cookie') requireCookieOrigin(request, parts.http);
    else {
      const service = serviceTokens.verify(text, now());
      if (service !== undefined) return whenReady(service, (identity) => admitService(identity, reading));
    }
    return byToken(text, reading);
  }

  function authenticate(request: AuthRequest, options: Parameters<Authenticate>[1] = {}): Ready<Identity> {
    const credential = credentialOf(request, options.basic);
    const accepted = options.tickets === true && (request.method === 'GET' || request.method === 'HEAD');
    if (credential.from === 'ticket' && !accepted)
      throw new Problem('ticket-invalid', {
        detail: 'A ticket only opens streams. Send the token in the Authorization header.',
      });
    const { admit = () => {}, fresh = false } = options;
    return byCredential(credential, request, { admit, fresh });
  }

  return (request, options) => {
    try {
      return authenticate(request, options);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

function requireAccount(
  account: Account | undefined,
  issuedAt: Date,
  invalid: 'token-invalid' | 'ticket-invalid',
): Account {
  const refusal = refusalOf(account, issuedAt);
  if (account === undefined || refusal === 'deleted') throw new Problem(invalid);
  if (refusal === 'revoked') throw new Problem(invalid, { detail: 'The token was revoked. Sign in again.' });
  if (refusal === 'blocked') throw new Problem('account-blocked');
  return account;
}

function identityFieldsOf({ userId, playerId, role, name }: Account) {
  return { userId, playerId, role, name };
}
