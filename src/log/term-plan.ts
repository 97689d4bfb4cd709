import type { Terms } from './terms.ts';

/** What a process reads behind the head's lock, and what it knew before. */
export interface LockedFacts {
  readonly head: number;
  /** The greatest id among the rows; 0 where there are none. */
  readonly lastRow: number;
  /** The word that the head holds. */
  readonly word: string;
  /** Whether another append than the one that the head names wrote the row there, or that row is missing. */
  readonly foreignTag: boolean;
  /** Whether a comparison has mended the head already, and nothing was appended since. */
  readonly mended: boolean;
  /** The term of the newest row; null where a node of an earlier release appended it, or there is no row. */
  readonly rowTerm: string | null;
  /** The log's terms as stored. */
  readonly terms: Terms;
  /** The terms as this process knew them. */
  readonly known: Terms;
  /** The first position that differs, or may differ, from what this process remembers. */
  readonly differsFrom: number | undefined;
  /** The position up to which this process has verified the log; `undefined` where it remembers nothing. */
  readonly verified: number | undefined;
}

/** What has to be written behind the lock before the log can be trusted again. */
export interface TermPlan {
  /** A term that begins at this position: under the word that the head holds already, or under a new one. */
  readonly begin?: { readonly firstId: number; readonly word: 'new' | 'as-stored' };
  /** Where the head has to be moved to. */
  readonly head?: number;
}

/**
 * Decides how a log whose parts disagree, or which is not the one that was followed, becomes one that proves its
 * positions. In doubt it refuses more cursors, never fewer. Where the terms refuse what was lost already, it refuses
 * nothing below the newest row.
 */
export function planTerm(facts: LockedFacts): TermPlan {
  const { head, lastRow, word, foreignTag, mended, rowTerm, terms, known, differsFrom, verified } = facts;
  const firsts: number[] = [];
  const lostTerms = terms.lostSince(known);
  const lostFrom = Math.min(differsFrom ?? Number.POSITIVE_INFINITY, lostTerms ?? Number.POSITIVE_INFINITY);
  if (Number.isFinite(lostFrom) && !known.areRefusedFrom(lostFrom, terms)) firsts.push(lostFrom);
  // An older log, which may have gone on before it was given up. Which positions its present term had above its rows is not known.
  if (lostTerms !== undefined) firsts.push(lastRow + 1);
  // Rows above the head: the head alone was restored. A head above the rows: the rows alone were. A term that begins after the
  // rows is the one of an earlier comparison, or that of rows which are lost.
  if (head !== lastRow && !(mended && terms.beginsAt(lastRow + 1))) firsts.push(lastRow + 1);
  // One of both comes from another log: the rows, unless the terms prove the newest one. Then only the head does.
  const isRowProven = lastRow === 0 || (rowTerm !== null && terms.covers(rowTerm, lastRow));
  if (foreignTag) firsts.push(isRowProven ? lastRow + 1 : (verified ?? 0) + 1);
  const adopts = !terms.has(word);
  // A word that no term has: an operator's, or that of a node of an earlier release which found the log replaced.
  if (adopts) firsts.push(verified === undefined ? 1 : Math.min(verified + 1, ...firsts));
  else if (terms.present?.word !== word) firsts.push(Math.max(head, lastRow) + 1);
  // A head that does not fit the rows may hold the word of a term that was lost: its cursors must stay refused.
  const asStored = adopts && head === lastRow && !foreignTag;
  return {
    ...(firsts.length === 0
      ? {}
      : {
          begin: { firstId: Math.min(...firsts), word: asStored ? ('as-stored' as const) : ('new' as const) },
        }),
    // A head above the rows stays where a comparison has stored it: nothing is written where nothing changes.
    ...(head < lastRow || (head > lastRow && !mended) || foreignTag ? { head: Math.max(head, lastRow) } : {}),
  };
}
