import { format } from 'mysql2';
import type { EventUnit } from './draft.ts';
import { storedKey } from './idempotency-key.ts';

/** Adds to each unit the deletion of the keys that its events release, in the transaction that appends them. */
export function releaseKeys(units: readonly EventUnit[]): readonly EventUnit[] {
  return units.map((unit) => {
    const released = unit.drafts.flatMap(({ releases }) => releases ?? []);
    if (released.length === 0) return unit;
    const sql = format('DELETE FROM log_key WHERE idempotency_key IN (?)', [released.map(storedKey)]);
    return { ...unit, preconditions: [...(unit.preconditions ?? []), { sql }] };
  });
}
