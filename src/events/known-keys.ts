import type { Queries } from '../db/database.ts';
import type { LogKey } from '../log/append-statement.ts';

/** State of a key: unused, used for the same events, or used for others. */
export type KeyState = 'new' | 'repeat' | 'conflict';

/** Reads the state of `keys` as of now. An append that follows can still find that another caller used one meanwhile. */
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
