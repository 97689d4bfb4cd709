import { setTimeout as sleep } from 'node:timers/promises';
import { openReader } from './reader.mjs';
import { platformToken } from './tokens.mjs';

/** From the creation of a contest to its start, and from there to its end, in s. */
const START_S = 3;
const LENGTH_S = 4;
/** Pause of the judge after a change, in ms. */
const PAUSE_MS = 150;
/** Every so many changes a contest is created that starts and ends by itself. */
const CONTEST_EVERY = 40;
/** Transitions of a contest that starts and ends by itself. */
const TRANSITIONS = ['CONTEST_STATUS LIVE', 'CONTEST_STATUS ENDED', 'CONTEST_END'];

/**
 * A judge who changes scores, one transaction at a time, and notes what the view of the standings shows after each; and who
 * creates contests that start and end by themselves.
 */
export function startJudge({ database, platform, random }) {
  const contests = platform.contests.filter(({ isPublic, members }) => isPublic && members.size > 1);
  /** Per contest, what the view showed, as texts in order. */
  const shown = new Map(contests.map(({ id }) => [id, []]));
  const timed = [];
  let over = false;
  let changes = 0;
  let solved = 0;

  /** A change of which it is not known whether it was committed: a failover may take back what was seen. */
  let doubtful;

  async function readView(connection, id) {
    const [rows] = await connection.query(
      `SELECT player_id AS playerId, live_rank AS \`rank\`, final_rating AS finalRating,
        problems_solved AS problemsSolved, penalty_mins AS penaltyMins FROM v_contest_leaderboard WHERE contest_id = ?`,
      [id],
    );
    return textOf(rows);
  }

  function note(id, text) {
    if (shown.get(id).at(-1) !== text) shown.get(id).push(text);
  }

  async function change(connection) {
    const { id, members } = random.pick(contests);
    const players = Array.from({ length: 1 + random.below(3) }, () => random.pick([...members]));
    await connection.query('START TRANSACTION');
    for (const player of players)
      await connection.query(
        `UPDATE contest_participant SET final_rating = final_rating + ?, problems_solved = problems_solved + 1,
          penalty_mins = penalty_mins + ?, last_solved_at = NOW() WHERE contest_id = ? AND player_id = ?`,
        [random.below(50), random.below(20), id, player],
      );
    // Reports one player of the transaction: the leaderboard has to have the others beside it.
    await connection.query('CALL live_publish(?, ?, ?)', [
      'PROBLEM_SOLVED',
      JSON.stringify({ playerId: players[0], problemId: 1, contestId: id }),
      `judge-${++solved}`,
    ]);
    doubtful = { id, text: await readView(connection, id) };
    await connection.query('COMMIT');
    note(id, await readView(connection, id));
    doubtful = undefined;
    if (++changes % CONTEST_EVERY !== 1) return;
    const [{ insertId }] = await connection.query(
      `INSERT INTO contest (created_by, problems, title, status, start_time, end_time, duration_mins, is_public,
        leaderboard_frozen) VALUES (?, '[]', 'Timed', 'UPCOMING', NOW() + INTERVAL ? SECOND, NOW() + INTERVAL ? SECOND, 1, 1, 0)`,
      [platform.adminId, START_S, START_S + LENGTH_S],
    );
    timed.push(insertId);
  }

  const finished = (async () => {
    let connection;
    for (let fresh = true; !over; await sleep(PAUSE_MS))
      try {
        connection ??= await database.connect();
        // What became of a COMMIT without an answer.
        if (fresh) for (const { id } of contests) note(id, await readView(connection, id));
        fresh = false;
        await change(connection);
      } catch {
        connection?.destroy();
        connection = undefined;
        if (doubtful) note(doubtful.id, doubtful.text);
        [doubtful, fresh] = [undefined, true];
      }
    await connection?.end();
  })();
  return {
    contests,
    shown,
    timed,
    async stop() {
      over = true;
      await finished;
      const connection = await database.connect();
      for (const { id } of contests) note(id, await readView(connection, id));
      await connection.end();
    },
  };
}

/**
 * Streams of a contest's leaderboard, which keep it by the rules of the protocol: `views` holds what each showed after
 * every frame, without repeats.
 */
export function openViewers({ url, platform, random, count }) {
  const contests = platform.contests.filter(({ isPublic, members }) => isPublic && members.size > 1);
  return Array.from({ length: count }, () => {
    const player = random.pick(platform.players);
    const { id } = random.pick(contests);
    const viewer = { contest: id, views: [], misranked: [], missed: 0 };
    let version;
    let rows = new Map();
    const show = () => {
      const text = textOf([...rows.values()]);
      if (viewer.views.at(-1)?.text === text) return;
      viewer.views.push({ text, at: Date.now() });
      const misranked = misrankedAmong([...rows.values()]);
      if (misranked.length > 0) viewer.misranked.push({ contest: id, version, misranked });
    };
    const onFrame = (event, value) => {
      if (event === 'leaderboard-snapshot') {
        version = value.version;
        rows = new Map(value.rows.map((row) => [row.playerId, row]));
        show();
      }
      if (event !== 'leaderboard-update' || version === undefined) return;
      const delta = value.data;
      if (delta.version <= version) return;
      if (delta.previous !== version && !(delta.previous < version && delta.shifts.length === 0)) {
        // The next stream begins with a snapshot.
        viewer.missed++;
        version = undefined;
        viewer.reader.reopen();
        return;
      }
      const changed = new Set(delta.changed.map(({ playerId }) => playerId));
      for (const playerId of delta.removed) rows.delete(playerId);
      for (const [playerId, row] of rows) {
        const shift = delta.shifts.find(({ from, to }) => row.rank >= from && row.rank <= to);
        if (shift && !changed.has(playerId)) rows.set(playerId, { ...row, rank: row.rank + shift.by });
      }
      for (const row of delta.changed) rows.set(row.playerId, row);
      version = delta.version;
      show();
    };
    const scopes = [`contest:${id}:leaderboard`];
    viewer.reader = openReader({ url, token: platformToken(player.userId), scopes, onFrame });
    Object.assign(viewer.reader, { player });
    return viewer;
  });
}

/** Whether every viewer shows what the view shows, once the judge has stopped. */
export const showLatest = ({ shown }, viewers) =>
  viewers.every(({ contest, views }) => views.at(-1)?.text === shown.get(contest).at(-1));

/**
 * Compares what viewers showed with what the view showed. Returns leaderboards that the view did not show at any one moment,
 * or, where no history was lost, showed before one that was shown already; and ranks that do not follow from the scores
 * beside them.
 *
 * @param after earlier ones are left out, which nodes of an earlier release published: they combined scores of two moments
 */
export function checkViewers({ shown }, viewers, { mayGoBack, after = 0 }) {
  const wrong = [];
  for (const { contest, views, misranked } of viewers) {
    wrong.push(...misranked);
    const moments = shown.get(contest);
    let reached = 0;
    for (const [index, { text, at: shownAt }] of views.entries()) {
      if (shownAt <= after) continue;
      const at = moments.lastIndexOf(text);
      if (at < 0) wrong.push({ contest, index, text, near: nearest(moments, text) });
      else if (at < reached && !mayGoBack) wrong.push({ contest, index, at, reached });
      reached = Math.max(reached, at);
    }
  }
  return wrong;
}

/** The moment that shares the most rows with a leaderboard, and its other rows: for the report. */
function nearest(moments, text) {
  const rows = new Set(text.split(';'));
  const shared = moments.map((moment) => moment.split(';').filter((row) => rows.has(row)).length);
  const at = shared.indexOf(Math.max(...shared));
  return { at, others: moments[at]?.split(';').filter((row) => !rows.has(row)) };
}

/** Rows whose rank is not one more than the number of rows before them. */
function misrankedAmong(rows) {
  const comes = (a, b) =>
    a.finalRating !== b.finalRating
      ? a.finalRating > b.finalRating
      : a.lastSolvedAt !== b.lastSolvedAt &&
        (b.lastSolvedAt === null || (a.lastSolvedAt !== null && a.lastSolvedAt < b.lastSolvedAt));
  return rows.filter((row) => row.rank !== 1 + rows.filter((other) => comes(other, row)).length);
}

/** Which contests the log does not move to their start and their end, once each. */
export async function checkTransitions(connection, { timed }) {
  const wrong = [];
  for (const id of timed) {
    const [rows] = await connection.query(
      "SELECT type, data FROM notification WHERE scope = ? AND type IN ('CONTEST_STATUS', 'CONTEST_END') ORDER BY id",
      [`contest:${id}`],
    );
    const got = rows.map(({ type, data }) => {
      const { newStatus } = typeof data === 'string' ? JSON.parse(data) : data;
      return newStatus === undefined ? type : `${type} ${newStatus}`;
    });
    if (got.join() !== TRANSITIONS.join()) wrong.push({ contest: id, got });
  }
  return wrong;
}

function textOf(rows) {
  return rows
    .map((row) => [row.rank, row.playerId, row.finalRating, row.problemsSolved, row.penaltyMins].map(Number))
    .toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
    .join(';');
}
