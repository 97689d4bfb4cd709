import type { Queries } from '../db/database.ts';
import { ROLES } from '../protocol/enums.ts';
import { chunk } from '../util/chunk.ts';
import type { Subscriber } from './listening.ts';

/** Account as it was when a token of it was checked. */
export interface CheckedAccount extends Subscriber {
  readonly issuedAt: Date;
}

/** Max accounts per statement, so that it fits a packet of 64 KiB: an account takes at most 50 bytes. */
const PAGE = 1_000;

/** Roles are compared as bytes: where a column is text, its collation may take `admin` for `ADMIN`. */
const ROLE = `FIELD(CAST(u.role AS BINARY), ${ROLES.map((role) => `'${role}'`).join(', ')})`;

/**
 * Accounts that are not as they were checked. The server compares and answers with the few that differ, so that the check of a
 * crowd decodes no row for each of it. Value: JSON of accounts, each `[user, player or 0, role's number or 0, time of issue in s]`.
 */
const DIFFERING = `
  SELECT DISTINCT c.user AS userId
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           user BIGINT PATH '$[0]',
           player BIGINT PATH '$[1]',
           role INT PATH '$[2]',
           issued BIGINT PATH '$[3]'
         )) c
    LEFT JOIN users u ON u.id = c.user
    LEFT JOIN player p ON p.user_id = u.id
    LEFT JOIN token_revocation r ON r.user_id = u.id
   WHERE u.id IS NULL OR COALESCE(p.id, 0) <> c.player OR COALESCE(${ROLE}, 0) <> c.role OR c.role = 0
      OR u.status IN ('BANNED', 'SUSPENDED')
      OR r.not_before >= TIMESTAMP'1970-01-01 00:00:00' + INTERVAL c.issued SECOND`;

/**
 * Finds the users whose account may not be any more as it was checked: deleted, blocked, with revoked tokens, with another
 * role or player. All others are as they were. One query per 1,000 accounts.
 *
 * @throws errors of the database
 */
export async function findChangedAccounts(
  database: Pick<Queries, 'query'>,
  accounts: readonly CheckedAccount[],
): Promise<Set<number>> {
  const changed = new Set<number>();
  for (const page of chunk(accounts, PAGE)) {
    const rows = await database.query<{ userId: number }>(DIFFERING, [JSON.stringify(page.map(encode))]);
    for (const { userId } of rows) changed.add(userId);
  }
  return changed;
}

function encode({ userId, playerId, role, issuedAt }: CheckedAccount): number[] {
  return [userId, playerId ?? 0, ROLES.indexOf(role) + 1, Math.floor(issuedAt.getTime() / 1_000)];
}
