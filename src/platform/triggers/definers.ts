import type { Queries } from '../../db/database.ts';
import { isDenied } from '../../db/errors.ts';

/** Accounts that triggers run as, judged by what this account may see. */
export interface DefinerReport {
  /** Accounts that do not exist: the statements that fire their triggers fail with error 1449. */
  readonly gone: ReadonlySet<string>;
  /** Accounts of which this one cannot see whether they exist. */
  readonly unseen: readonly string[];
}

/**
 * Finds which of these accounts (`user@host`) do not exist. It needs SELECT on the columns User and Host of `mysql.user`,
 * except for the account's own name.
 */
export async function judgeDefiners(
  database: Pick<Queries, 'query'>,
  definers: readonly string[],
): Promise<DefinerReport> {
  const [me] = await database.query<{ account: string }>('SELECT CURRENT_USER() AS account');
  const others = definers.filter((definer) => definer !== me?.account);
  if (others.length === 0) return { gone: new Set(), unseen: [] };
  try {
    const rows = await database.query<{ account: string }>(
      "SELECT CONCAT(User, '@', Host) AS account FROM mysql.user",
    );
    const known = new Set(rows.map(({ account }) => account));
    return { gone: new Set(others.filter((definer) => !known.has(definer))), unseen: [] };
  } catch (error) {
    if (!isDenied(error)) throw error;
    return { gone: new Set(), unseen: others };
  }
}
