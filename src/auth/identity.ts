import type { Role } from '../protocol/enums.ts';
import type { Scope } from '../protocol/scope.ts';
import type { Ready } from '../util/when-ready.ts';
import type { AuthRequest } from './origin.ts';

/** User of the platform. */
export interface UserIdentity {
  readonly kind: 'user';
  /** `users.id`; not the player's id. */
  readonly userId: number;
  /** `player.id`; undefined for accounts that do not play. */
  readonly playerId: number | undefined;
  readonly role: Role;
  readonly name: string;
  /** Time at which the platform issued the token. A revocation at this time or later makes the token invalid. */
  readonly issuedAt: Date;
  /** Expiry of the platform's token, and of every stream opened with it. */
  readonly expiresAt: Date;
  /** Set where the credential is a ticket, which only opens streams of these scopes. */
  readonly ticket?: { readonly id: string; readonly scopes: readonly Scope[] };
}

/** Program that publishes, such as the platform's server. */
export interface ServiceIdentity {
  readonly kind: 'service';
  readonly name: string;
  readonly expiresAt: Date;
}

export type Identity = UserIdentity | ServiceIdentity;

export type PlayerIdentity = UserIdentity & { readonly playerId: number };

/** Account that a verified credential names, before the database is queried. */
export type AccountId = Pick<UserIdentity, 'kind' | 'userId'> | Pick<ServiceIdentity, 'kind' | 'name'>;

interface AuthenticateOptions {
  /** Whether `?ticket=` is accepted: only for streams. Default false. */
  readonly tickets?: boolean;
  /** Whether the account is read anew instead of from a cache. Default false. */
  readonly fresh?: boolean;
  /** Whether a token is also accepted as the password of HTTP basic authentication. Default false. */
  readonly basic?: boolean;
  /** Admission: called once the signature is verified, and awaited before the database is queried. May throw to refuse. */
  readonly admit?: (account: AccountId) => Ready<void>;
}

/**
 * Identifies the caller of a request: at once where it is a service whose token was verified before. Rejects with each error.
 *
 * @throws Problem `token-missing`, `token-invalid`, `token-expired`, `token-in-url`, `ticket-invalid`,
 * `origin-not-allowed`, `account-blocked`, `keys-unavailable`. None reveals which check of a token failed.
 */
export type Authenticate = (request: AuthRequest, options?: AuthenticateOptions) => Ready<Identity>;
