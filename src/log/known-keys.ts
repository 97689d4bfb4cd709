import type { Queries } from '../db/database.ts';
import type { LogKey } from './append-statement.ts';

/** What the log knows of a key: nothing, the same event, or another one. */
export type KeyState = 'new' | 'repeat' | 'conflict';

/** What the log knows of these keys now. Whoever appends afterwards may still find that somebody was faster. */
export async function knownKeys(
  database: Pick<Queries, 'query'>,
  keys: readonly LogKey[],
): Promise<(key: LogKey) => KeyState> {
  const rows =
    keys.length === 0
      ? []
      : await database.query<{ value: string; fingerprint: Buffer }>(
          'SELECT idempotency_key AS value, fingerprint FROM log_key WHERE idempotency_key IN (?)',
          [keys.map(({ value }) => value)],
        );
  const known = new Map(rows.map(({ value, fingerprint }) => [value, fingerprint]));
  return ({ value, fingerprint }) => {
    const earlier = known.get(value);
    if (earlier === undefined) return 'new';
    return earlier.equals(fingerprint) ? 'repeat' : 'conflict';
  };
}
