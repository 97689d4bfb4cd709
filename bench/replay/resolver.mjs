/** Fields of a total: a row whose shown total differs from the real one is revealed, too. */
const TOTALS = ['finalRating', 'problemsSolved', 'penaltyMins', 'lastSolvedAt'];

/**
 * The order of the ICPC's resolver, by the letter: of the lowest row that is not revealed yet, the first hidden cell in the
 * order of the problems, or all of them; then all rows are ranked anew.
 */
export class Resolver {
  #scoreboard;
  #players;
  #problems;
  #settled = new Set();
  #steps = 0;

  /** @param problems ids, in the order of the contest */
  constructor(scoreboard, players, problems) {
    this.#scoreboard = scoreboard;
    this.#players = players;
    this.#problems = problems;
  }

  /** Number of cells that are hidden. */
  get pending() {
    return this.#players.reduce((sum, playerId) => sum + this.#hiddenOf(playerId).length, 0);
  }

  /** The hidden cell that comes next by what is shown; undefined where none is. */
  get next() {
    const playerId = this.#upwards().find((id) => this.#hiddenOf(id).length > 0);
    return playerId === undefined ? undefined : { playerId, problemId: this.#hiddenOf(playerId)[0] };
  }

  get finished() {
    return this.#target('cell') === undefined;
  }

  /** Takes a step on the scoreboard. @returns what the service must answer */
  step(extent) {
    const target = this.#target(extent);
    const { playerId, problems, settles } = target;
    const { rank: oldRank } = this.#scoreboard.rows('shown')[playerId];
    this.#scoreboard.open(playerId, problems, settles);
    if (settles) this.#settled.add(playerId);
    const { next, pending, finished } = this;
    const { rank, finalRating } = this.#scoreboard.rows('shown')[playerId];
    return {
      step: ++this.#steps,
      extent,
      playerId,
      problems: problems.toSorted((a, b) => a - b),
      settled: settles,
      oldRank,
      rank,
      finalRating,
      pending,
      next,
      finished,
    };
  }

  #target(extent) {
    const rows = { shown: this.#scoreboard.rows('shown'), real: this.#scoreboard.rows('real') };
    for (const playerId of this.#upwards()) {
      const hidden = this.#hiddenOf(playerId);
      if (hidden.length > 0) {
        const problems = extent === 'row' ? hidden : hidden.slice(0, 1);
        return { playerId, problems, settles: problems.length === hidden.length };
      }
      const differs = TOTALS.some((field) => rows.shown[playerId][field] !== rows.real[playerId][field]);
      if (differs && !this.#settled.has(playerId)) return { playerId, problems: [], settles: true };
    }
    return undefined;
  }

  #hiddenOf(playerId) {
    const hidden = new Set(this.#scoreboard.hiddenProblems(playerId));
    return this.#problems.filter((problemId) => hidden.has(problemId));
  }

  /** Ids of the players, the lowest first; of equal rows, the greater id. */
  #upwards() {
    const rows = this.#scoreboard.rows('shown');
    return this.#players.toSorted((a, b) => rows[b].rank - rows[a].rank || b - a);
  }
}
