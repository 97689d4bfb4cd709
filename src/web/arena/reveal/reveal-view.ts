import type { Reveal } from '../../../protocol/api/reveal.ts';
import type { Cell } from '../../../protocol/cells.ts';
import type { EventData } from '../../../protocol/event.ts';
import { compareLeaderboardRows, type LeaderboardRow } from '../../../protocol/leaderboard.ts';

export type RevealStepData = EventData<'CONTEST_REVEAL_STEP'>;

/** Row of the standings with its cells. */
export interface RevealRow extends LeaderboardRow {
  readonly cells: readonly Cell[];
}

/** What the page shows of a reveal. */
export interface RevealView {
  /** Number of the freeze that is revealed. */
  readonly freezeNo: number;
  readonly step: number;
  /** Best first. */
  readonly rows: readonly RevealRow[];
  /** Ids of the problems, in their order. */
  readonly problems: readonly number[];
  readonly pending: number;
  readonly next: RevealStepData['next'];
  /** What the last step disclosed; undefined: it was just opened. */
  readonly last: RevealStepData | undefined;
  readonly finished: boolean;
}

/** Makes the view from the service's answers. The rows may be of a later step: the steps up to it are applied again. */
export function revealViewOf(
  reveal: Pick<Reveal, 'freezeNo' | 'step' | 'last' | 'state'>,
  rows: readonly RevealRow[],
  problems: readonly number[],
): RevealView {
  const { freezeNo = 0, step, last, state } = reveal;
  return {
    freezeNo,
    step,
    rows: ranked(rows),
    problems,
    pending: last?.pending ?? 0,
    next: last?.next,
    last: step === 0 ? undefined : last,
    finished: state === 'finished' || last?.finished === true,
  };
}

/** The view after a step. @returns undefined where a step before it is missing, and the view must be read again */
export function afterStep(view: RevealView, step: RevealStepData): RevealView | undefined {
  if (step.freezeNo !== view.freezeNo) return step.freezeNo < view.freezeNo ? view : undefined;
  if (step.step <= view.step) return view;
  if (step.step !== view.step + 1) return undefined;
  const { playerId, row, cells, pending, next, finished } = step;
  const opened = new Set(cells.map(({ problemId }) => problemId));
  const rows = view.rows.map((known) => {
    if (known.playerId !== playerId) return known;
    const others = known.cells.filter(({ problemId }) => !opened.has(problemId));
    return { ...known, ...row, cells: [...others, ...cells] };
  });
  return { ...view, step: step.step, rows: ranked(rows), pending, next, last: step, finished };
}

function ranked(rows: readonly RevealRow[]): RevealRow[] {
  const sorted = [...rows].sort((a, b) => compareLeaderboardRows(a, b) || a.playerId - b.playerId);
  let rank = 1;
  return sorted.map((row, index) => {
    const before = sorted[index - 1];
    if (before === undefined || compareLeaderboardRows(before, row) !== 0) rank = index + 1;
    return { ...row, rank };
  });
}

/** Letter of a problem by its place: `A` … `Z`, then `AA`. */
export function problemLetter(place: number): string {
  const letter = String.fromCharCode(65 + (place % 26));
  return place < 26 ? letter : problemLetter(Math.floor(place / 26) - 1) + letter;
}
