const MINUTE_MS = 60_000;
const PENALTY_MINUTES = 20;

/** Points of a problem in the platform that the replay writes. */
export const POINTS = 100;

/**
 * The scoreboard by the rules of the ICPC, computed from what was written to the platform's tables and from nothing else: what
 * players are shown, and what admins see.
 */
export class Scoreboard {
  #startsAt;
  #players;
  /** By id, in the order of submission. */
  #submissions = new Map();
  #frozen = false;
  #heldTotals;

  constructor(startsAt, players) {
    this.#startsAt = startsAt;
    this.#players = players;
  }

  /** @param at in ms since 1970, whole seconds */
  submit(id, playerId, problemId, at) {
    this.#submissions.set(id, { id, playerId, problemId, at, verdict: undefined, hidden: this.#frozen });
  }

  judge(id, verdict) {
    this.#submissions.get(id).verdict = verdict;
  }

  freeze() {
    this.#heldTotals = new Map(this.#players.map((playerId) => [playerId, this.totals(playerId)]));
    this.#frozen = true;
  }

  thaw() {
    this.#heldTotals = undefined;
    this.#frozen = false;
    for (const submission of this.#submissions.values()) submission.hidden = false;
  }

  get frozen() {
    return this.#frozen;
  }

  /** What the platform writes of a player: rating, solved problems, penalty, last solve. */
  totals(playerId) {
    const solved = this.#problemsOf(playerId, 'real').filter(({ solvedAt }) => solvedAt !== undefined);
    const minutes = solved.map((cell) => minuteOf(cell.solvedAt, this.#startsAt));
    const attempts = solved.map((cell) => cell.attempts - 1);
    const penaltyMins = sum(minutes) + PENALTY_MINUTES * sum(attempts);
    return {
      finalRating: solved.length * 10_000 - Math.min(penaltyMins, 9_999),
      problemsSolved: solved.length,
      penaltyMins,
      lastSolvedAt: solved.length === 0 ? null : Math.max(...solved.map((cell) => cell.solvedAt)),
    };
  }

  /** Rows with ranks, by player. */
  rows(audience) {
    const scores = this.#players.map((playerId) => ({
      playerId,
      ...(audience === 'shown'
        ? (this.#heldTotals?.get(playerId) ?? this.totals(playerId))
        : this.totals(playerId)),
    }));
    const isAhead = (a, b) =>
      a.finalRating > b.finalRating ||
      (a.finalRating === b.finalRating && (a.lastSolvedAt ?? Infinity) < (b.lastSolvedAt ?? Infinity));
    return Object.fromEntries(
      scores.map((score) => [
        score.playerId,
        {
          rank: 1 + scores.filter((other) => isAhead(other, score)).length,
          finalRating: score.finalRating,
          problemsSolved: score.problemsSolved,
          penaltyMins: score.penaltyMins,
          lastSolvedAt: score.lastSolvedAt === null ? null : new Date(score.lastSolvedAt).toISOString(),
        },
      ]),
    );
  }

  /** Cells by player, of those who have any. */
  cells(audience) {
    const first = new Map();
    const all = this.#players.map((playerId) => [playerId, this.#problemsOf(playerId, audience)]);
    for (const [playerId, cells] of all)
      for (const { problemId, solvedAt, solvedBy } of cells) {
        if (solvedAt === undefined) continue;
        const known = first.get(problemId);
        const isEarlier =
          !known || solvedAt < known.solvedAt || (solvedAt === known.solvedAt && solvedBy < known.solvedBy);
        if (isEarlier) first.set(problemId, { playerId, solvedAt, solvedBy });
      }
    return Object.fromEntries(
      all
        .filter(([, cells]) => cells.length > 0)
        .map(([playerId, cells]) => [
          playerId,
          cells.map(({ problemId, attempts, pending, solvedAt }) => ({
            problemId,
            attempts,
            ...(pending > 0 ? { pending } : {}),
            ...(solvedAt === undefined
              ? {}
              : { solvedAt: minuteOf(solvedAt, this.#startsAt), points: POINTS }),
            ...(first.get(problemId)?.playerId === playerId ? { first: true } : {}),
          })),
        ]),
    );
  }

  /** Verdicts by submission, as far as they are shown. */
  verdicts(audience) {
    const shown = [...this.#submissions.values()].filter(
      ({ verdict, hidden }) => verdict !== undefined && (audience === 'real' || !hidden),
    );
    return Object.fromEntries(shown.map(({ id, verdict }) => [id, verdict]));
  }

  #problemsOf(playerId, audience) {
    const cells = new Map();
    const own = [...this.#submissions.values()].filter((submission) => submission.playerId === playerId);
    own.sort((a, b) => a.at - b.at || a.id - b.id);
    for (const { id, problemId, at, verdict, hidden } of own) {
      const cell = cells.get(problemId) ?? { problemId, attempts: 0, pending: 0, solvedAt: undefined };
      cells.set(problemId, cell);
      if (cell.solvedAt !== undefined) continue;
      if (verdict === undefined || (hidden && audience === 'shown')) cell.pending++;
      else {
        cell.attempts++;
        if (verdict === 'AC') Object.assign(cell, { solvedAt: at, solvedBy: id });
      }
    }
    return [...cells.values()].sort((a, b) => a.problemId - b.problemId);
  }
}

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const minuteOf = (at, startsAt) => Math.max(0, Math.floor((at - startsAt) / MINUTE_MS));
