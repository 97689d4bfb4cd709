import type { Queries } from '../db/database.ts';
import { Problem } from '../protocol/problem.ts';
import type { Users } from './users.ts';

export interface Revocations {
  /**
   * Ends every token and ticket that the user has: here at once, on other nodes within seconds. Open streams are closed
   * by the caller, or by the next `Grants.recheck`.
   *
   * @throws Problem `not-found` if there is no such user.
   */
  revoke(userId: number): Promise<void>;
}

export function createRevocations(
  database: Pick<Queries, 'execute'>,
  users: Pick<Users, 'forget'>,
): Revocations {
  return {
    async revoke(userId) {
      const { affectedRows } = await database.execute(
        `INSERT INTO token_revocation (user_id, not_before)
         SELECT u.id, UTC_TIMESTAMP(3) FROM users u WHERE u.id = ?
         ON DUPLICATE KEY UPDATE not_before = GREATEST(token_revocation.not_before, UTC_TIMESTAMP(3))`,
        [userId],
      );
      users.forget(userId);
      if (affectedRows === 0) throw new Problem('not-found');
    },
  };
}
