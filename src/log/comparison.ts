import { findDivergence, type Run } from './remembered.ts';
import type { HeadState, LockedLog, LogReads, TrackedRow } from './source.ts';
import { planTerm } from './term-plan.ts';
import { newTermWord, type Term, Terms } from './terms.ts';

/** Why the streams of this process cannot simply go on. */
export interface LogFault {
  readonly reason: 'hole' | 'regressed' | 'replaced' | 'epoch-changed' | 'fell-behind';
  /** The last position that was handed on before. */
  readonly from: number;
  /** The position it goes on from. */
  readonly to: number;
}

/** A position that is known to be committed, and the mark of the append that wrote it. */
export type Witness = Pick<Run, 'lastId' | 'mark'>;

/** State of the log in a process, for the comparison. */
export interface Evidence {
  /** Everything up to here was handed on. */
  readonly position: number;
  readonly terms: Terms;
  /** The terms as they were when the last row was delivered. */
  readonly deliveredUnder: Terms;
  /** The newest rows that were handed on. */
  readonly runs: readonly Run[];
  /** The newest committed position above `position` that is known. */
  readonly witness: Witness | undefined;
}

/** The log as it is after the comparison. */
export interface ComparedLog {
  readonly state: HeadState;
  readonly head: number;
  readonly terms: Terms;
  /** What contradicts the evidence. */
  readonly reason: LogFault['reason'] | undefined;
  /** Position and mark of the newest rows, ascending. */
  readonly newest: readonly [number, string][];
}

/** Max newest rows that are remembered at the start and after a reset. */
const REMEMBERED_AT_START = 1_000;

/**
 * Compares the log with the evidence behind the head's lock, and mends what is inconsistent in the log.
 * @param starting what was read at the start proves nothing of what other processes gave out
 */
export async function compareLog<R extends TrackedRow>(
  log: LockedLog<R>,
  evidence: Evidence,
  starting: boolean,
): Promise<ComparedLog> {
  const state = await log.head();
  const stored = new Terms(await log.terms());
  const lastRow = await log.lastRow();
  const [newestRow] = await log.range(lastRow, lastRow, 1);
  const pruned = await log.prunedBelow();
  const lookUp = (ids: readonly number[]) => log.marks(ids);
  let differsFrom = await findDivergence(evidence.runs, lookUp, pruned);
  const { witness } = evidence;
  // What is above the position may have been committed in another log than what was delivered: it proves nothing below.
  if (differsFrom === undefined && witness && (await findDivergence([witness], lookUp, pruned)) !== undefined)
    differsFrom = evidence.position + 1;
  // Nothing is remembered, and yet the log ends below the position.
  if (evidence.position > Math.max(state.head, lastRow)) differsFrom ??= 1;
  let reason: LogFault['reason'] | undefined;
  if (differsFrom !== undefined) reason = state.head < evidence.position ? 'regressed' : 'replaced';
  const next = evidence.position + 1;
  if (differsFrom === undefined && next <= state.head && (await log.marks([next])).size === 0) {
    if (next < pruned) reason = 'fell-behind';
    else [differsFrom, reason] = [next, 'hole'];
  }
  const plan = planTerm({
    head: state.head,
    lastRow,
    word: state.term,
    foreignTag: state.foreignTag,
    mended: state.mended,
    rowTerm: newestRow?.term ?? null,
    terms: stored,
    // What others began after the last row was delivered has its own cursors beyond a hole.
    known: reason === 'hole' ? evidence.deliveredUnder : evidence.terms,
    differsFrom,
    verified: evidence.runs.length > 0 && !starting ? evidence.position : undefined,
  });
  const head = plan.head ?? state.head;
  if (plan.head !== undefined) await log.moveHead(plan.head);
  let terms = stored;
  if (plan.begin) {
    const word = plan.begin.word === 'new' ? newTermWord() : state.term;
    const term: Term = { number: (stored.present?.number ?? 0) + 1, word, firstId: plan.begin.firstId };
    await log.beginTerm(term);
    terms = stored.with(term);
    if (plan.begin.word === 'as-stored') reason ??= 'epoch-changed';
  }
  return { state, head, terms, reason, newest: await newestMarks(log, head) };
}

/** Whether a head that was read denies what is known to have been committed. */
export function contradicts(state: HeadState, known: Witness): boolean {
  if (state.head < known.lastId) return true;
  return (
    state.head === known.lastId && state.tag !== null && /^\w/.test(known.mark) && state.tag !== known.mark
  );
}

/** The marks of the newest rows without a gap, ascending. */
export async function newestMarks<R extends TrackedRow>(
  log: LogReads<R>,
  head: number,
): Promise<[number, string][]> {
  const length = Math.min(head, REMEMBERED_AT_START);
  const marks = await log.marks(Array.from({ length }, (_, index) => head - length + 1 + index));
  const newest: [number, string][] = [];
  for (let id = head; marks.has(id); id--) newest.push([id, marks.get(id) as string]);
  return newest.reverse();
}
