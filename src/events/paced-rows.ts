import { format } from 'mysql2';
import type { Precondition } from '../log/append-statement.ts';
import type { Scope } from '../protocol/scope.ts';
import type { EventDraft } from './draft.ts';

/** Contest id of paced events in `deferred_event`: they wait for an append, and not for the end of a contest's freeze. */
export const PACED = 0;

/** What a paced event is stored with beside its data, as JSON in `scopes`. */
export interface PacedScopes {
  readonly scopes: readonly Scope[];
  /** Whether it is written to histories. */
  readonly activity: boolean;
}

/** Statement that stores an event until the next padded append. */
export function storePaced({ type, data, rows, activity }: EventDraft): Precondition {
  const stored: PacedScopes = { scopes: rows.map(({ scope }) => scope), activity: activity.length > 0 };
  return {
    sql: format(
      'INSERT INTO deferred_event (contest_id, type, data, scopes, created_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))',
      [PACED, type, data, JSON.stringify(stored)],
    ),
  };
}
