import type { Queries } from '../db/database.ts';
import type { Role } from '../protocol/enums.ts';
import { Batched } from '../util/batched.ts';
import { TtlCache } from './ttl-cache.ts';

/** User in the database, as far as access depends on it. */
export interface Account {
  readonly userId: number;
  readonly playerId: number | undefined;
  readonly role: Role;
  readonly name: string;
  /** Whether the status is BANNED or SUSPENDED. */
  readonly blocked: boolean;
  /** Tokens issued up to the second of this time are revoked. */
  readonly notBefore: Date | undefined;
}

export interface Users {
  /**
   * Reads a user; undefined where there is none. Users that are requested together are read by one statement. Players and companies are cached for up to five seconds; admins are read each
   * time, since a former one may see nothing of what theirs were.
   * @param fresh whether not to use the cache: where a stream is opened
   */
  find(userId: number, fresh?: boolean): Promise<Account | undefined>;
  /** Reads many users, uncached, over `reads` where given. */
  read(userIds: Iterable<number>, reads?: Pick<Queries, 'query'>): Promise<Map<number, Account>>;
  /** Evicts a user from the cache. */
  forget(userId: number): void;
}

/** Why an account may not use a token, or a stream opened with it. */
export type AccountRefusal = 'deleted' | 'revoked' | 'blocked';

/**
 * Reason why an account may not use a token issued at this time. Tokens are dated to the second: one issued in the second
 * of a revocation may be older or newer than it, and is refused. A user who signs in again within that second has to
 * repeat it.
 */
export function refusalOf(account: Account | undefined, issuedAt: Date): AccountRefusal | undefined {
  if (account === undefined) return 'deleted';
  if (account.notBefore !== undefined && second(issuedAt) <= second(account.notBefore)) return 'revoked';
  return account.blocked ? 'blocked' : undefined;
}

const TTL_MS = 5000;
const CAPACITY = 20_000;
const PAGE = 500;
/** Max statements at a time that read users of requests. */
const MAX_LOADS = 2;
/** Min time between two of them, ms: in a rush, users are read together. */
const SPACING_MS = 10;

interface Row {
  readonly userId: number;
  readonly playerId: number | null;
  readonly role: Role;
  readonly name: string;
  readonly status: string;
  readonly notBefore: Date | null;
}

export function createUsers(database: Pick<Queries, 'query'>, options: { now?: () => number } = {}): Users {
  const known = new TtlCache<number, Promise<Account | undefined>>({
    ttlMs: TTL_MS,
    capacity: CAPACITY,
    ...options,
  });

  async function load(userIds: readonly number[], reads = database): Promise<Account[]> {
    const rows = await reads.query<Row>(
      `SELECT u.id AS userId, p.id AS playerId, u.role, u.name, u.status, r.not_before AS notBefore
         FROM users u
         LEFT JOIN player p ON p.user_id = u.id
         LEFT JOIN token_revocation r ON r.user_id = u.id
        WHERE u.id IN (?)`,
      [userIds],
    );
    return rows.map(accountOf);
  }

  async function loadAll(userIds: Iterable<number>, reads = database): Promise<Map<number, Account>> {
    const ids = [...new Set(userIds)];
    const accounts = new Map<number, Account>();
    for (let at = 0; at < ids.length; at += PAGE) {
      for (const account of await load(ids.slice(at, at + PAGE), reads))
        accounts.set(account.userId, account);
    }
    return accounts;
  }

  const requested = new Batched(loadAll, { maxItems: PAGE, maxRuns: MAX_LOADS, spacingMs: SPACING_MS });

  function findAnew(userId: number): Promise<Account | undefined> {
    const found = requested.add([userId]).then((accounts) => accounts.get(userId));
    known.set(userId, found);
    const forget = () => known.delete(userId, found);
    found.then((account) => account ?? forget(), forget);
    return found;
  }

  return {
    find(userId, fresh = false) {
      const earlier = fresh ? undefined : known.get(userId);
      if (earlier === undefined) return findAnew(userId);
      return earlier.then((account) => (account?.role === 'ADMIN' ? findAnew(userId) : account));
    },

    read: loadAll,

    forget: (userId) => known.delete(userId),
  };
}

function accountOf(row: Row): Account {
  return {
    userId: row.userId,
    playerId: row.playerId ?? undefined,
    role: row.role,
    name: row.name,
    blocked: row.status === 'BANNED' || row.status === 'SUSPENDED',
    notBefore: row.notBefore ?? undefined,
  };
}

function second(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
