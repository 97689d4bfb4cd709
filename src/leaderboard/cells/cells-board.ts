import type { CellsContest, Submission } from '../../platform/submissions.ts';
import type { Cell } from '../../protocol/cells.ts';
import { cellsOf, hiddenFrom, isEarlier, type OpenedProblems, type Solve } from './player-cells.ts';

/** Cells of all players of a contest, for one audience, and who was the first to solve each problem. */
export class CellsBoard {
  readonly #cells = new Map<number, readonly Cell[]>();
  /** By problem, the solve of each player. */
  readonly #solves = new Map<number, Map<number, Solve>>();
  /** By problem, when the first hidden submission of each player was made, in ms since 1970. */
  readonly #hidden = new Map<number, Map<number, number>>();
  /** By problem, the player who was first. */
  readonly #first = new Map<number, number>();

  /**
   * Replaces the cells of players by what follows from their submissions.
   *
   * @param submissions all of these players, in the order of submission
   * @param hides whether submissions after a freeze are hidden
   * @param opened by player, the problems whose cells a reveal has opened
   * @returns players whose cells may have changed: also those who are no longer the first, or are it now
   */
  replace(
    players: ReadonlySet<number> | 'all',
    submissions: readonly Submission[],
    contest: CellsContest,
    hides: boolean,
    opened: ReadonlyMap<number, OpenedProblems> = new Map(),
  ): Set<number> {
    const byPlayer = new Map<number, Submission[]>();
    for (const submission of submissions) {
      const own = byPlayer.get(submission.playerId);
      if (own) own.push(submission);
      else byPlayer.set(submission.playerId, [submission]);
    }
    const replaced = new Set(players === 'all' ? [...this.#cells.keys(), ...byPlayer.keys()] : players);
    const hidden = hides ? hiddenFrom(contest) : undefined;
    const problems = new Set<number>();
    for (const playerId of replaced) {
      for (const byProblem of [this.#solves, this.#hidden])
        for (const [problemId, players] of byProblem) if (players.delete(playerId)) problems.add(problemId);
      const own = byPlayer.get(playerId) ?? [];
      const { cells, solves, hidden: since } = cellsOf(own, contest, hidden, opened.get(playerId));
      if (cells.length === 0) this.#cells.delete(playerId);
      else this.#cells.set(playerId, cells);
      for (const [problemId, solve] of solves) {
        problems.add(problemId);
        entryOf(this.#solves, problemId).set(playerId, solve);
      }
      for (const [problemId, at] of since) {
        problems.add(problemId);
        entryOf(this.#hidden, problemId).set(playerId, at);
      }
    }
    for (const problemId of problems) this.#findFirst(problemId, replaced);
    return replaced;
  }

  /** Cells of one player; undefined for a player without any. */
  cells(playerId: number): readonly Cell[] | undefined {
    return this.#cells
      .get(playerId)
      ?.map((cell) => (this.#first.get(cell.problemId) === playerId ? { ...cell, first: true } : cell));
  }

  get players(): Iterable<number> {
    return this.#cells.keys();
  }

  /** No player is known to be the first as long as an earlier submission is hidden. */
  #findFirst(problemId: number, changed: Set<number>): void {
    let first: [playerId: number, solve: Solve] | undefined;
    for (const [playerId, solve] of this.#solves.get(problemId) ?? [])
      if (!first || isEarlier(solve, first[1])) first = [playerId, solve];
    for (const at of this.#hidden.get(problemId)?.values() ?? [])
      if (first && at <= first[1].at) first = undefined;
    const before = this.#first.get(problemId);
    if (before === first?.[0]) return;
    if (before !== undefined) changed.add(before);
    if (first) this.#first.set(problemId, first[0]);
    else this.#first.delete(problemId);
    if (first) changed.add(first[0]);
  }
}

function entryOf<V>(byProblem: Map<number, Map<number, V>>, problemId: number): Map<number, V> {
  const known = byProblem.get(problemId) ?? new Map<number, V>();
  byProblem.set(problemId, known);
  return known;
}
