import type { Queries } from '../db/database.ts';
import { Problem } from '../protocol/problem.ts';
import type { Users } from './users.ts';

export interface Revocations {
  /**
   * Revokes every token and ticket of the user: on this node at once, on others within seconds. The caller closes open
   * streams, or the next `Grants.recheck` does.
   *
   * @throws Problem `not-found` where there is no such user
   */
  revoke(userId: number): Promise<void>;
}

export function createRevocations(
  database: Pick<Queries, 'execute'>,
  users: Pick<Users, 'forget'>,
  onRevoked: (userId: number) => void = () => {},
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
      onRevoked(userId);
      if (affectedRows === 0) throw new Problem('not-found');
    },
  };
}
