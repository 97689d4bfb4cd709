import type { Queries } from '../db/database.ts';
import type { LogKey } from '../log/append-statement.ts';
import { chunk } from '../util/chunk.ts';
import type { EventUnit } from './draft.ts';
import { storedKey } from './idempotency-key.ts';

/** Max keys per statement: below a max_allowed_packet of 64 KiB. */
const KEYS_PER_QUERY = 200;

/** State of a key: unused, used for the same events, or used for others. */
export type KeyState = 'new' | 'repeat' | 'conflict';

/** Reads the state of `keys` as of now. An append that follows can still find that another caller used one meanwhile. */
export async function knownKeys(
  database: Pick<Queries, 'query'>,
  keys: readonly LogKey[],
): Promise<(key: LogKey) => KeyState> {
  const known = new Map<string, Buffer>();
  for (const some of chunk(keys, KEYS_PER_QUERY)) {
    const rows = await database.query<{ value: string; fingerprint: Buffer }>(
      'SELECT idempotency_key AS value, fingerprint FROM log_key WHERE idempotency_key IN (?)',
      [some.map(({ value }) => value)],
    );
    for (const { value, fingerprint } of rows) known.set(value, fingerprint);
  }
  return ({ value, fingerprint }) => {
    const earlier = known.get(value);
    if (earlier === undefined) return 'new';
    return earlier.equals(fingerprint) ? 'repeat' : 'conflict';
  };
}

/** Adds to each unit the keys that its events release. */
export function releaseKeys(units: readonly EventUnit[]): readonly EventUnit[] {
  return units.map((unit) => {
    const released = unit.drafts.flatMap(({ releases }) => releases ?? []);
    return released.length === 0 ? unit : { ...unit, releases: released.map(storedKey) };
  });
}
