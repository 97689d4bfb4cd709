import type { KeepClass } from '../db/schema.ts';
import { keepClassOf } from '../log/row.ts';
import type { Terms } from '../log/terms.ts';
import { CATALOGUE } from '../protocol/catalogue.ts';
import { parseCursor } from '../protocol/cursor.ts';
import { EVENT_TYPES, type EventType } from '../protocol/event.ts';
import { type Scope, scopeKind } from '../protocol/scope.ts';

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
  /** Every row above it that is still kept is sent. */
  readonly from: number;
  readonly recovered: boolean;
  readonly lost?: { readonly after: number | null; readonly through: number };
  /** Transient types of which older rows were deleted. */
  readonly stale?: readonly EventType[];
  /** Rows of kept classes up to here may be missing: they are lost, or were not asked for. 0: none is missing. */
  readonly gapsThrough: number;
}

const TRANSIENT_TYPES = EVENT_TYPES.filter(
  (type) => CATALOGUE[type].keep === 'transient' && type !== 'LEADERBOARD_UPDATE',
);

/**
 * Decides where a stream begins. A cursor comes from a client and may be anything; one that is not of this log
 * makes the stream start at the head and report that history was lost.
 *
 * Loss is judged per class of the requested scopes: rows of a leaderboard never count, since a stream begins with its
 * snapshot; deleted transient rows are named as stale; only deleted rows that were to be kept are lost history. Whatever is
 * lost, every row that is still kept is sent.
 *
 * @param requested the cursor as it was sent, `earliest`, or undefined on a first connection
 * @param wanted types that the stream receives; undefined: all
 */
export function planResume(
  requested: string | undefined,
  scopes: readonly Scope[],
  wanted: ReadonlySet<EventType> | undefined,
  log: LogState,
): ResumePlan {
  if (requested === undefined) return { from: log.head, recovered: true, gapsThrough: 0 };
  const tails = keptClassesOf(scopes, wanted).map((keepClass) => log.tails[keepClass]);
  if (requested === 'earliest') {
    const first = Math.min(...(tails.length > 0 ? tails : [log.tails.leaderboard]));
    const from = Math.max(0, Math.min(first - 1, log.head));
    return { from, recovered: true, ...staleAfter(from, wanted, log), gapsThrough: lastMissing(from, tails) };
  }
  const cursor = parseCursor(requested);
  const verdict = cursor && log.terms.judge(cursor, log.head);
  const from = verdict?.valid ? cursor?.id : verdict?.resumeAfter;
  // No cursor, or one of a term that this log never had, or no longer has.
  if (!cursor || !verdict || from === undefined) {
    return { from: log.head, recovered: false, lost: { after: null, through: log.head }, gapsThrough: 0 };
  }
  const gapsThrough = lastMissing(from, tails);
  const plan = { from, ...staleAfter(from, wanted, log), gapsThrough };
  if (verdict.valid && gapsThrough === 0) return { ...plan, recovered: true };
  const through = Math.max(gapsThrough, verdict.valid ? 0 : cursor.id);
  return { ...plan, recovered: false, lost: { after: from, through } };
}

/** Classes of the scopes whose rows are history: none of a leaderboard, and none where only transient types are wanted. */
export function keptClassesOf(
  scopes: readonly Scope[],
  wanted: ReadonlySet<EventType> | undefined,
): Exclude<KeepClass, 'leaderboard' | 'nudge'>[] {
  if (wanted && [...wanted].every((type) => CATALOGUE[type].keep === 'transient')) return [];
  const classes = new Set(scopes.map((scope) => keepClassOf(scopeKind(scope))));
  return [...classes].filter((keepClass) => keepClass !== 'leaderboard');
}

/** Position of the last row above `from` that one of the classes may lack; 0 where none lacks any. */
function lastMissing(from: number, tails: readonly number[]): number {
  const last = Math.max(0, ...tails) - 1;
  return last > from ? last : 0;
}

function staleAfter(
  from: number,
  wanted: ReadonlySet<EventType> | undefined,
  log: LogState,
): Pick<ResumePlan, 'stale'> {
  const stale = from + 1 < log.tails.nudge ? transientTypesAmong(wanted) : [];
  return stale.length > 0 ? { stale } : {};
}

/** Returns the wanted transient types. Those of a leaderboard are not among them: its snapshot contains what they report. */
export function transientTypesAmong(wanted: ReadonlySet<EventType> | undefined): EventType[] {
  return TRANSIENT_TYPES.filter((type) => !wanted || wanted.has(type));
}
