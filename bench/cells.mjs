// Cells of 10,000 participants × 12 problems under 50 submissions a second: from a verdict to the viewer's delta.
//   npm run build && node bench/cells.mjs [participants] [submissions a second] [seconds]
// Writes what the platform writes, with triggers installed. Starts the built service on an embedded database of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  fillSubmissions,
  kib,
  meanOf,
  openLeaderboard,
  sendPaced,
  spreadOf,
  withContest,
} from './contest-crowd.mjs';

const PARTICIPANTS = Number(process.argv[2] ?? 10_000);
const RATE = Number(process.argv[3] ?? 50);
const SECONDS = Number(process.argv[4] ?? 20);
const PROBLEMS = 12;

await withContest(
  { participants: PARTICIPANTS, problems: PROBLEMS, fillMore: fillSubmissions },
  ({ database, server, service }) => measure(database, server, service),
);

/** What the platform writes for a submission, statement by statement. @param onVerdict before the verdict */
async function submit(database, playerId, problemId, accepted, onVerdict) {
  const { insertId } = await database.execute(
    "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, ?, 1, 'js', 'PENDING')",
    [playerId, problemId],
  );
  onVerdict();
  await database.execute('UPDATE submission SET verdict = ?, points_earned = ? WHERE id = ?', [
    accepted ? 'ACCEPTED' : 'WRONG_ANSWER',
    accepted ? 100 : 0,
    insertId,
  ]);
  if (!accepted) return;
  await database.execute('UPDATE player SET xp = xp + 100 WHERE id = ?', [playerId]);
  await database.execute(
    `UPDATE contest_participant SET final_rating = final_rating + 100, problems_solved = problems_solved + 1, last_solved_at = NOW()
      WHERE contest_id = 1 AND player_id = ?`,
    [playerId],
  );
}

/** Attempts of a player at a problem that are judged. */
function attemptsIn(cells, problemId) {
  return cells.find((cell) => cell.problemId === problemId)?.attempts ?? 0;
}

async function measure(database, server, service) {
  const cellsOf = new Map();
  const waiting = new Map();
  const delays = [];
  const bytes = [];
  let whole = 0;
  const opened = performance.now();
  const close = await openLeaderboard(service, '?cells=1', 120_000 + SECONDS * 2_000, (event, data) => {
    if (event === 'cells-snapshot') {
      whole = data.length;
      for (const { playerId, cells } of JSON.parse(data).rows) cellsOf.set(playerId, cells);
    }
    if (event !== 'cells-update') return;
    const now = performance.now();
    bytes.push(data.length);
    for (const { playerId, cells } of JSON.parse(data).data.changed) {
      cellsOf.set(playerId, cells);
      const sent = waiting.get(playerId);
      if (!sent || attemptsIn(cells, sent.problemId) < sent.attempts) continue;
      delays.push(now - sent.at);
      waiting.delete(playerId);
    }
  });
  const openedIn = (performance.now() - opened).toFixed(0);
  console.log(`snapshot of ${cellsOf.size} players' cells, ${kib(whole)}, in ${openedIn} ms`);
  // The task reads everything once.
  await sleep(5_000);

  const processes = [service.pid, server.pid];
  const pace = { rate: RATE, seconds: SECONDS, processes, patienceMs: 10_000, waiting };
  const { sent, took, used } = await sendPaced(pace, (number) => {
    const playerId = ((number * 7_919) % PARTICIPANTS) + 1;
    const cells = cellsOf.get(playerId) ?? [];
    // One that is not solved: later attempts change no cell.
    const open = cells.filter((cell) => cell.solvedAt === undefined);
    const problemId = open[number % open.length]?.problemId ?? 1;
    const attempts = attemptsIn(cells, problemId) + 1;
    const onVerdict = () => waiting.set(playerId, { problemId, attempts, at: performance.now() });
    return submit(database, playerId, problemId, number % 5 < 2, onVerdict);
  });
  close();
  if (waiting.size > 0) process.exitCode = 1;
  console.log(
    `${sent} submissions in ${took.toFixed(1)} s (${(sent / took).toFixed(0)}/s, wanted ${RATE}/s), ${waiting.size} of them not seen`,
  );
  console.log(`from the verdict's UPDATE to the delta: ${spreadOf(delays)}`);
  const mean = meanOf(bytes);
  console.log(`${bytes.length} deltas of ${kib(mean)}, 1/${(whole / mean).toFixed(0)} of the cells whole`);
  console.log(`CPU, of one core: the service ${used[0]}, MariaDB (all the platform's statements) ${used[1]}`);
}
