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
  /** Problems whose cells a reveal has opened, by player. */
  #opened = new Map();
  /** Players whose totals a reveal has revealed; of them nothing is hidden. */
  #settled = new Set();

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
    this.#opened.clear();
    this.#settled.clear();
    for (const submission of this.#submissions.values()) submission.hidden = false;
  }

  /** Opens cells of a player; with `settles` also its total. */
  open(playerId, problems, settles) {
    this.#opened.set(playerId, new Set([...(this.#opened.get(playerId) ?? []), ...problems]));
    if (settles) this.#settled.add(playerId);
  }

  /** Ids of the problems whose cells are hidden from players, of one of them. */
  hiddenProblems(playerId) {
    return this.#problemsOf(playerId, 'shown')
      .filter(({ hiddenAt }) => hiddenAt !== undefined)
      .map(({ problemId }) => problemId);
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
      ...(audience === 'shown' && !this.#settled.has(playerId)
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
    // No team is known to be the first as long as an earlier submission is hidden.
    for (const [, cells] of all)
      for (const { problemId, hiddenAt } of cells)
        if (hiddenAt !== undefined && hiddenAt <= first.get(problemId)?.solvedAt) first.delete(problemId);
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

  /** Ranks, totals and problems by team, as the scoreboard of the Contest API has them. @param problems ids of all */
  standings(audience, problems) {
    const cells = this.cells(audience);
    return Object.fromEntries(
      Object.entries(this.rows(audience)).map(([playerId, row]) => [
        playerId,
        {
          rank: row.rank,
          solved: row.problemsSolved,
          penalty: row.penaltyMins,
          problems: Object.fromEntries(
            problems.map((problemId) => {
              const cell = cells[playerId]?.find((one) => one.problemId === problemId);
              return [problemId, [cell?.attempts ?? 0, cell?.pending ?? 0, cell?.solvedAt ?? null]];
            }),
          ),
        },
      ]),
    );
  }

  /** Verdicts by submission, as far as they are shown. */
  verdicts(audience) {
    const shown = [...this.#submissions.values()].filter(
      (submission) => submission.verdict !== undefined && !this.#isHidden(submission, audience),
    );
    return Object.fromEntries(shown.map(({ id, verdict }) => [id, verdict]));
  }

  #isHidden({ playerId, problemId, hidden }, audience) {
    if (!hidden || audience === 'real' || this.#settled.has(playerId)) return false;
    return this.#opened.get(playerId)?.has(problemId) !== true;
  }

  #problemsOf(playerId, audience) {
    const cells = new Map();
    const own = [...this.#submissions.values()].filter((submission) => submission.playerId === playerId);
    own.sort((a, b) => a.at - b.at || a.id - b.id);
    for (const submission of own) {
      const { id, problemId, at, verdict } = submission;
      const hidden = this.#isHidden(submission, audience);
      const cell = cells.get(problemId) ?? { problemId, attempts: 0, pending: 0, solvedAt: undefined };
      cells.set(problemId, cell);
      if (cell.solvedAt !== undefined) continue;
      if (hidden) cell.hiddenAt ??= at;
      if (verdict === undefined || hidden) cell.pending++;
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
