import type { Role } from '../protocol/enums.ts';
import type { Scope } from '../protocol/scope.ts';
import type { AuthRequest } from './origin.ts';

/** Somebody with an account on the platform. */
export interface UserIdentity {
  readonly kind: 'user';
  /** `users.id`; not the player's id. */
  readonly userId: number;
  /** `player.id`; undefined for accounts that do not play. */
  readonly playerId: number | undefined;
  readonly role: Role;
  readonly name: string;
  /** When the platform issued the token; a revocation counts from here. */
  readonly issuedAt: Date;
  /** When the platform's token ends, and every stream opened with it. */
  readonly expiresAt: Date;
  /** Set when a ticket stood in for the token. It opens streams of these scopes and nothing else. */
  readonly ticket?: { readonly id: string; readonly scopes: readonly Scope[] };
}

/** A program that publishes, such as the platform's server. */
export interface ServiceIdentity {
  readonly kind: 'service';
  readonly name: string;
  readonly expiresAt: Date;
}

export type Identity = UserIdentity | ServiceIdentity;

export type PlayerIdentity = UserIdentity & { readonly playerId: number };

/** Whose account a credential proves to be, before the database has been asked about it. */
export type AccountId = Pick<UserIdentity, 'kind' | 'userId'> | Pick<ServiceIdentity, 'kind' | 'name'>;

interface AuthenticateOptions {
  /** Whether `?ticket=` is accepted: true for streams alone. Default false. */
  readonly tickets?: boolean;
  /** Called once the signature is verified, and awaited before the database is asked. It may refuse by an error. */
  readonly admit?: (account: AccountId) => Promise<void> | void;
}

/**
 * Says who sent a request.
 *
 * @throws Problem `token-missing`, `token-invalid`, `token-expired`, `token-in-url`, `ticket-invalid`,
 * `origin-not-allowed`, `account-blocked`, `keys-unavailable`; of a signature never which check it failed.
 */
export type Authenticate = (request: AuthRequest, options?: AuthenticateOptions) => Promise<Identity>;
