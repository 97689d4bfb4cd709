import type { Score } from '../../platform/scores.ts';
import type { LeaderboardRow } from '../../protocol/leaderboard.ts';
import { type Step, stepOf } from '../step.ts';

/** Leaderboard in the middle of a reveal. */
export interface RevealState {
  /** What players are shown, best first; ties are sorted by player id. */
  readonly order: readonly LeaderboardRow[];
  /** Real results, by player. */
  readonly real: ReadonlyMap<number, Score>;
  /** Problems whose cells are still hidden, by player, in the order of the contest's problems. */
  readonly hidden: ReadonlyMap<number, readonly number[]>;
  /** Players whose totals are revealed. */
  readonly settled: ReadonlySet<number>;
}

/** What one step reveals of a row. */
export interface RevealTarget {
  readonly playerId: number;
  /** Problems whose cells are opened; none where only the total is revealed. */
  readonly problems: readonly number[];
  /** Whether the total is revealed: it is with the row's last hidden cell, since the platform's rating has no formula per problem. */
  readonly settles: boolean;
}

const TOTALS = [
  'finalRating',
  'problemsSolved',
  'penaltyMins',
  'lastSolvedAt',
] as const satisfies readonly (keyof Score)[];

/**
 * Finds what is revealed next, in the order of the ICPC's resolver: of the lowest row that is not revealed yet, the first
 * hidden cell, or all of them. A row without hidden cells is not revealed as long as its total differs from the real one.
 *
 * @returns undefined when everything is revealed
 */
export function nextTarget(state: RevealState, extent: 'cell' | 'row'): RevealTarget | undefined {
  for (let place = state.order.length - 1; place >= 0; place--) {
    const row = state.order[place] as LeaderboardRow;
    const { playerId } = row;
    const hidden = state.hidden.get(playerId) ?? [];
    if (hidden.length > 0) {
      const problems = extent === 'row' ? hidden : hidden.slice(0, 1);
      return { playerId, problems, settles: problems.length === hidden.length };
    }
    const real = state.real.get(playerId);
    if (real && !state.settled.has(playerId) && TOTALS.some((field) => real[field] !== row[field]))
      return { playerId, problems: [], settles: true };
  }
  return undefined;
}

/**
 * Reveals a target.
 * @param settled the row that the player is shown from now on, where the target settles it
 * @returns the state after it, and how the leaderboard changes
 */
export function revealTarget(
  state: RevealState,
  { playerId, problems, settles }: RevealTarget,
  settled: Score | undefined,
): { readonly state: RevealState; readonly step: Step } {
  const hidden = new Map(state.hidden);
  const left = (hidden.get(playerId) ?? []).filter((problemId) => !problems.includes(problemId));
  if (left.length === 0) hidden.delete(playerId);
  else hidden.set(playerId, left);
  const changes = new Map(settles && settled ? [[playerId, settled]] : []);
  const step = stepOf(state.order, changes);
  return {
    step,
    state: {
      order: step.order,
      real: state.real,
      hidden,
      settled: settles ? new Set([...state.settled, playerId]) : state.settled,
    },
  };
}

/**
 * Finds the hidden cell that comes next by what is shown: of the lowest row that has any, the first. It depends on nothing that
 * is hidden: not on whether the total of a row changed since the freeze, which may be revealed before it.
 */
export function nextHiddenCell({
  order,
  hidden,
}: Pick<RevealState, 'order' | 'hidden'>): { playerId: number; problemId: number } | undefined {
  const row = order.findLast(({ playerId }) => (hidden.get(playerId)?.length ?? 0) > 0);
  const problemId = row && hidden.get(row.playerId)?.[0];
  return row && problemId !== undefined ? { playerId: row.playerId, problemId } : undefined;
}

/** Counts the hidden cells of the rows that there are. */
export function countHidden({ order, hidden }: Pick<RevealState, 'order' | 'hidden'>): number {
  return order.reduce((sum, { playerId }) => sum + (hidden.get(playerId)?.length ?? 0), 0);
}
