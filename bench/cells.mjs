// Cells of 10,000 participants × 12 problems under 50 submissions a second: from a verdict to the viewer's delta.
//   npm run build && node bench/cells.mjs [participants] [submissions a second] [seconds]
// Writes what the platform writes, with triggers installed. Starts the built service on an embedded database of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { mintPlatformToken } from '../dist/auth/mint.js';
import { openDatabase } from '../dist/db/database.js';
import { startEmbeddedDatabase } from '../dist/db/embedded/embedded-database.js';
import { migrate } from '../dist/migrate/migrate.js';
import { installTriggers } from '../dist/platform/triggers/install.js';
import { cpuOf } from './process-usage.mjs';
import { startService } from './server-process.mjs';

const PARTICIPANTS = Number(process.argv[2] ?? 10_000);
const RATE = Number(process.argv[3] ?? 50);
const SECONDS = Number(process.argv[4] ?? 20);
const PROBLEMS = 12;
const SECRET = 'bench-bench-bench-bench-bench';
const USER_OFFSET = 1_000_000;

const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
const server = await startEmbeddedDatabase({ directory });
const database = openDatabase({ url: server.url });
let service;
try {
  await migrate(database);
  await fill();
  await installTriggers(database);
  service = await startService({ DATABASE_URL: server.url, JWT_SECRET: SECRET });
  await measure();
} finally {
  await service?.stop();
  await database.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

async function fill() {
  const pages = Array.from({ length: Math.ceil(PARTICIPANTS / 1_000) }, (_, page) =>
    Array.from({ length: Math.min(1_000, PARTICIPANTS - page * 1_000) }, (_, i) => page * 1_000 + i + 1),
  );
  const insert = (sql, rows) => database.execute(sql, [rows]);
  const problems = Array.from({ length: PROBLEMS }, (_, index) => index + 1);
  await insert(
    'INSERT INTO problem (id, title, difficulty, points, description, examples, test_cases) VALUES ?',
    problems.map((id) => [id, `Problem ${id}`, 'EASY', 100, '{}', '[]', '[]']),
  );
  for (const ids of pages) {
    await insert(
      'INSERT INTO users (id, name, email, password, role) VALUES ?',
      ids.map((id) => [USER_OFFSET + id, `Player ${id}`, `p${id}@bench.example`, '-', 'PLAYER']),
    );
    await insert(
      'INSERT INTO player (id, user_id, xp, level, tier, sub_rank) VALUES ?',
      ids.map((id) => [id, USER_OFFSET + id, id % 5_000, 1, 'BRONZE', 'Bronze I']),
    );
  }
  await database.execute(
    `INSERT INTO contest (id, created_by, problems, title, status, start_time, end_time, duration_mins)
     VALUES (1, ?, ?, 'Bench', 'LIVE', '2026-01-01 00:00:00', '2100-01-01 00:00:00', 90)`,
    [USER_OFFSET + 1, JSON.stringify(problems)],
  );
  for (const ids of pages) {
    await insert(
      'INSERT INTO contest_participant (contest_id, player_id, mode, final_rating, problems_solved, last_solved_at) VALUES ?',
      ids.map((id) => [1, id, 'PRECISION', id % 3_000, 1, '2026-01-01 00:30:00']),
    );
    // A submission to each problem, a third of them accepted.
    await insert(
      'INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned, submitted_at) VALUES ?',
      ids.flatMap((id) =>
        problems.map((problem) => {
          const accepted = (id + problem) % 3 === 0;
          return [
            id,
            problem,
            1,
            'cpp',
            accepted ? 'ACCEPTED' : 'WRONG_ANSWER',
            accepted ? 100 : 0,
            '2026-01-01 00:30:00',
          ];
        }),
      ),
    );
  }
}

/** What the platform writes for a submission, statement by statement. */
async function submit(playerId, problemId, accepted, onVerdict) {
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

async function measure() {
  const token = await mintPlatformToken(SECRET, USER_OFFSET + 1);
  const attempts = new Map();
  const waiting = new Map();
  const delays = [];
  const bytes = [];
  const stop = new AbortController();
  const opened = performance.now();
  const response = await fetch(`http://127.0.0.1:${service.port}/streams/contests/1/leaderboard?cells=1`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(120_000 + SECONDS * 2_000)]),
  });
  let whole = 0;
  let ready;
  let ended;
  const caughtUp = new Promise((resolve, reject) => {
    ready = resolve;
    ended = () => reject(new Error('the stream ended before it was caught up'));
  });
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === 'cells-snapshot') {
        whole = data.length;
        for (const { playerId, cells } of JSON.parse(data).rows) attempts.set(playerId, cells);
      }
      if (event === 'caught-up') ready();
      if (event !== 'cells-update') return;
      const now = performance.now();
      bytes.push(data.length);
      for (const { playerId, cells } of JSON.parse(data).data.changed) {
        attempts.set(playerId, cells);
        const sent = waiting.get(playerId);
        if (!sent || attemptsIn(cells, sent.problemId) < sent.attempts) continue;
        delays.push(now - sent.at);
        waiting.delete(playerId);
      }
    },
  });
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
  })().then(ended, ended);
  await caughtUp;
  const kib = (size) => `${(size / 1024).toFixed(1)} KiB`;
  console.log(
    `snapshot of ${attempts.size} players' cells, ${kib(whole)}, in ${(performance.now() - opened).toFixed(0)} ms`,
  );
  // The task reads everything once.
  await sleep(5_000);

  const pids = [service.pid, server.pid];
  const cpuBefore = pids.map(cpuOf);
  const began = performance.now();
  const working = [];
  let sent = 0;
  for (; sent < RATE * SECONDS; sent++) {
    const late = began + (sent * 1_000) / RATE - performance.now();
    if (late > 0) await sleep(late);
    const playerId = ((sent * 7_919) % PARTICIPANTS) + 1;
    const cells = attempts.get(playerId) ?? [];
    // One that is not solved: later attempts change no cell.
    const open = cells.filter((cell) => cell.solvedAt === undefined);
    const problemId = open[sent % open.length]?.problemId ?? 1;
    const next = attemptsIn(cells, problemId) + 1;
    const onVerdict = () => waiting.set(playerId, { problemId, attempts: next, at: performance.now() });
    working.push(submit(playerId, problemId, sent % 5 < 2, onVerdict));
  }
  await Promise.all(working);
  const seconds = (performance.now() - began) / 1_000;
  const used = pids.map((pid, index) => cpuOf(pid) - cpuBefore[index]);
  const patience = performance.now() + 10_000;
  while (waiting.size > 0 && performance.now() < patience) await sleep(20);
  stop.abort();
  if (waiting.size > 0) process.exitCode = 1;
  if (delays.length === 0) throw new Error('no delta came');
  delays.sort((a, b) => a - b);
  const at = (part) => delays[Math.min(delays.length - 1, Math.floor(delays.length * part))].toFixed(0);
  const mean = bytes.reduce((sum, size) => sum + size, 0) / bytes.length;
  const [own, mariadb] = used.map((ms) => `${((ms / seconds / 1_000) * 100).toFixed(0)} %`);
  console.log(
    `${sent} submissions in ${seconds.toFixed(1)} s (${(sent / seconds).toFixed(0)}/s, wanted ${RATE}/s), ${waiting.size} of them not seen`,
  );
  console.log(
    `from the verdict's UPDATE to the delta: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`,
  );
  console.log(`${bytes.length} deltas of ${kib(mean)}, 1/${(whole / mean).toFixed(0)} of the cells whole`);
  console.log(`CPU, of one core: the service ${own}, MariaDB (all the platform's statements) ${mariadb}`);
}
