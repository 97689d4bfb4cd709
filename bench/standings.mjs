// Standings of 10,000 participants under 50 accepted submissions a second: from a score's UPDATE to the viewer's delta.
//   npm run build && node bench/standings.mjs [participants] [submissions a second] [seconds]
// Writes what the platform writes, with triggers installed. Starts the built service on an embedded database of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { kib, meanOf, openLeaderboard, sendPaced, spreadOf, withContest } from './contest-crowd.mjs';

const PARTICIPANTS = Number(process.argv[2] ?? 10_000);
const RATE = Number(process.argv[3] ?? 50);
const SECONDS = Number(process.argv[4] ?? 20);

await withContest({ participants: PARTICIPANTS, problems: 1 }, async ({ database, server, service }) => {
  await sleep(3_000);
  await measure(database, server, service);
});

/** What the platform writes for an accepted submission, statement by statement. @param onScore before the score */
async function accept(database, playerId, rating, onScore) {
  const { insertId } = await database.execute(
    "INSERT INTO submission (player_id, problem_id, contest_id, language, verdict) VALUES (?, 1, 1, 'js', 'PENDING')",
    [playerId],
  );
  await database.execute("UPDATE submission SET verdict = 'ACCEPTED', points_earned = 100 WHERE id = ?", [
    insertId,
  ]);
  await database.execute(
    "INSERT INTO xp_ledger (player_id, contest_id, source, final_xp) VALUES (?, 1, 'contest', 100)",
    [playerId],
  );
  await database.execute('UPDATE player SET xp = xp + 100 WHERE id = ?', [playerId]);
  await database.execute("UPDATE player SET level = 1, tier = 'BRONZE', sub_rank = 'Bronze I' WHERE id = ?", [
    playerId,
  ]);
  onScore();
  await database.execute(
    `UPDATE contest_participant SET final_rating = ?, problems_solved = problems_solved + 1, last_solved_at = NOW()
      WHERE contest_id = 1 AND player_id = ?`,
    [rating, playerId],
  );
}

async function measure(database, server, service) {
  const waiting = new Map();
  const delays = [];
  const bytes = [];
  let rows = 0;
  let whole = 0;
  const opened = performance.now();
  const close = await openLeaderboard(service, '', 60_000 + SECONDS * 2_000, (event, data) => {
    if (event === 'leaderboard-snapshot') {
      rows = JSON.parse(data).rows.length;
      whole = data.length;
    }
    if (event !== 'leaderboard-update') return;
    const now = performance.now();
    bytes.push(data.length);
    for (const { playerId, finalRating } of JSON.parse(data).data.changed) {
      const sent = waiting.get(playerId);
      if (!sent || sent.rating !== finalRating) continue;
      delays.push(now - sent.at);
      waiting.delete(playerId);
    }
  });
  console.log(`snapshot of ${rows} rows, ${kib(whole)}, in ${(performance.now() - opened).toFixed(0)} ms`);

  const processes = [service.pid, server.pid];
  const pace = { rate: RATE, seconds: SECONDS, processes, patienceMs: 5_000, waiting };
  const { sent, took, used } = await sendPaced(pace, (number) => {
    const playerId = ((number * 7_919) % PARTICIPANTS) + 1;
    const rating = 3_000 + number;
    const onScore = () => waiting.set(playerId, { rating, at: performance.now() });
    return accept(database, playerId, rating, onScore);
  });
  close();
  if (waiting.size > 0) process.exitCode = 1;
  console.log(
    `${sent} accepted submissions in ${took.toFixed(1)} s (${(sent / took).toFixed(0)}/s, wanted ${RATE}/s), ` +
      `${waiting.size} of them not seen as written`,
  );
  console.log(`from the score's UPDATE to the delta: ${spreadOf(delays)} (updates are 250 ms apart)`);
  const mean = meanOf(bytes);
  console.log(
    `${bytes.length} deltas of ${kib(mean)}: one for ${(sent / bytes.length).toFixed(1)} submissions, 1/${(whole / mean).toFixed(0)} of the standings whole`,
  );
  console.log(`CPU, of one core: the service ${used[0]}, MariaDB (all the platform's statements) ${used[1]}`);
}
