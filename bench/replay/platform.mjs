import { POINTS } from './scoreboard.mjs';

/** Verdicts of the platform, by judgement type; others are wrong answers to it. */
const WORDS = {
  AC: 'ACCEPTED',
  TLE: 'TIME_LIMIT_EXCEEDED',
  MLE: 'MEMORY_LIMIT_EXCEEDED',
  RTE: 'RUNTIME_ERROR',
  CE: 'COMPILATION_ERROR',
};
/** Ids of users, so that they are none of the players'. */
const USER_OFFSET = 1_000_000;

/** Time for a TIMESTAMP column of a session at UTC. */
const stamp = (at) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** Writes what the platform writes: statement by statement, each in a transaction of its own. */
export class Platform {
  #pool;
  contestId = 0;

  constructor(pool) {
    this.#pool = pool;
  }

  /** The database's time, in ms since 1970. */
  async now() {
    const [[row]] = await this.#pool.query('SELECT UNIX_TIMESTAMP(NOW(3)) * 1000 AS now');
    return Number(row.now);
  }

  async #insert(sql, values) {
    const [{ insertId }] = await this.#pool.query(sql, values);
    return insertId;
  }

  /** @returns the user's id */
  createUser(name, role) {
    const email = `${name.replaceAll(/\W+/g, '-')}-${Math.random().toString(36).slice(2)}@replay.example`;
    return this.#insert('INSERT INTO users (name, email, password, role) VALUES (?, ?, ?, ?)', [
      name.slice(0, 100),
      email,
      '-',
      role,
    ]);
  }

  /** @returns the player's id and its user's */
  async createPlayer(name) {
    const userId = await this.createUser(name, 'PLAYER');
    const playerId = await this.#insert('INSERT INTO player (id, user_id) VALUES (?, ?)', [
      userId + USER_OFFSET,
      userId,
    ]);
    return { userId, playerId: playerId || userId + USER_OFFSET };
  }

  createProblem(title) {
    return this.#insert(
      `INSERT INTO problem (title, difficulty, points, description, examples, test_cases)
       VALUES (?, 'EASY', ?, '{}', '[]', '[]')`,
      [title.slice(0, 255), POINTS],
    );
  }

  /** Creates a live contest. @param startsAt in ms since 1970 @param duration in seconds */
  async createContest({ title, adminId, problems, startsAt, duration, players }) {
    const wall = "CONVERT_TZ(?, '+00:00', @@global.time_zone)";
    this.contestId = await this.#insert(
      `INSERT INTO contest (created_by, problems, title, status, start_time, end_time, duration_mins)
       VALUES (?, ?, ?, 'LIVE', ${wall}, ${wall}, ?)`,
      [
        adminId,
        JSON.stringify(problems),
        title.slice(0, 255),
        stamp(startsAt),
        stamp(startsAt + duration * 1_000),
        Math.ceil(duration / 60),
      ],
    );
    for (const playerId of players)
      await this.#pool.query('INSERT INTO contest_participant (contest_id, player_id) VALUES (?, ?)', [
        this.contestId,
        playerId,
      ]);
    await this.#pool.query('UPDATE contest SET participant_count = ? WHERE id = ?', [
      players.length,
      this.contestId,
    ]);
  }

  /** @returns the submission's id */
  submit(playerId, problemId, at) {
    return this.#insert(
      `INSERT INTO submission (player_id, problem_id, contest_id, language, submitted_at) VALUES (?, ?, ?, 'cpp', ?)`,
      [playerId, problemId, this.contestId, stamp(at)],
    );
  }

  /** Writes a verdict, then the player's score, as the platform does. */
  async judge(submissionId, verdict, playerId, totals) {
    await this.#pool.query('UPDATE submission SET verdict = ?, points_earned = ? WHERE id = ?', [
      WORDS[verdict] ?? 'WRONG_ANSWER',
      verdict === 'AC' ? POINTS : 0,
      submissionId,
    ]);
    const committedAt = performance.now();
    await this.#pool.query(
      `UPDATE contest_participant SET final_rating = ?, problems_solved = ?, penalty_mins = ?, last_solved_at = ?
        WHERE contest_id = ? AND player_id = ?`,
      [
        totals.finalRating,
        totals.problemsSolved,
        totals.penaltyMins,
        totals.lastSolvedAt === null ? null : stamp(totals.lastSolvedAt),
        this.contestId,
        playerId,
      ],
    );
    return committedAt;
  }

  async setFrozen(frozen) {
    await this.#pool.query('UPDATE contest SET leaderboard_frozen = ? WHERE id = ?', [
      frozen,
      this.contestId,
    ]);
  }

  /** Ends the contest: its status, the final ranks, then the winners. @param ranks by player */
  async end(ranks) {
    const { contestId } = this;
    await this.#pool.query("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    for (const [playerId, rank] of Object.entries(ranks))
      await this.#pool.query(
        'UPDATE contest_participant SET final_rank = ? WHERE contest_id = ? AND player_id = ?',
        [rank, contestId, playerId],
      );
    await this.#pool.query(
      `UPDATE contest SET winner_ids = (SELECT JSON_ARRAYAGG(id) FROM contest_participant
        WHERE contest_id = ? AND final_rank = 1) WHERE id = ?`,
      [contestId, contestId],
    );
  }
}
