import type { KeepClass } from '../db/schema.ts';
import { keepClassOf } from '../log/row.ts';
import type { Terms } from '../log/terms.ts';
import { CATALOGUE } from '../protocol/catalogue.ts';
import { parseCursor } from '../protocol/cursor.ts';
import { EVENT_TYPES, type EventType } from '../protocol/event.ts';
import type { Scope } from '../protocol/scope.ts';

/** State of the log that a cursor is compared with. */
export interface LogState {
  /** The position of the newest row. */
  readonly head: number;
  readonly terms: Terms;
  /** Per class, the position from which on every row is still kept. */
  readonly tails: Readonly<Record<KeepClass, number>>;
}

/** Where a stream begins, and whether that is all of what was asked for. */
export interface ResumePlan {
  /** Everything above is sent. */
  readonly from: number;
  readonly recovered: boolean;
  readonly lost?: { readonly after: number | null; readonly through: number };
  readonly stale?: readonly EventType[];
}

const TRANSIENT_TYPES = EVENT_TYPES.filter((type) => CATALOGUE[type].keep === 'transient');

/**
 * Decides where a stream begins. A cursor comes from a client and may be anything; one that cannot be resumed makes
 * the stream start at the head and say that history was lost.
 * @param requested the cursor as it was sent, `earliest`, or undefined on a first connection
 */
export function planResume(
  requested: string | undefined,
  scopes: readonly Scope[],
  wanted: ReadonlySet<EventType> | undefined,
  log: LogState,
): ResumePlan {
  if (requested === undefined) return { from: log.head, recovered: true };
  const tail = Math.max(...scopes.map((scope) => log.tails[keepClassOf(scope)]));
  if (requested === 'earliest') return withStale(Math.min(tail - 1, log.head), wanted, log);
  const cursor = parseCursor(requested);
  if (!cursor) return { from: log.head, recovered: false, lost: { after: null, through: log.head } };
  const verdict = log.terms.judge(cursor, log.head);
  // A term that this log never had, or no longer knows.
  if (!verdict.valid && verdict.resumeAfter === undefined)
    return { from: log.head, recovered: false, lost: { after: null, through: log.head } };
  const from = verdict.valid ? cursor.id : (verdict.resumeAfter ?? log.head);
  if (from + 1 < tail) return { from: log.head, recovered: false, lost: { after: from, through: log.head } };
  if (verdict.valid) return withStale(from, wanted, log);
  return { ...withStale(from, wanted, log), recovered: false, lost: { after: from, through: cursor.id } };
}

function withStale(from: number, wanted: ReadonlySet<EventType> | undefined, log: LogState): ResumePlan {
  const stale = from + 1 < log.tails.nudge ? transientTypesAmong(wanted) : [];
  return { from, recovered: true, ...(stale.length > 0 ? { stale } : {}) };
}

/** Returns the wanted types whose older messages are deleted although the stream can be resumed. */
export function transientTypesAmong(wanted: ReadonlySet<EventType> | undefined): EventType[] {
  return TRANSIENT_TYPES.filter((type) => !wanted || wanted.has(type));
}
