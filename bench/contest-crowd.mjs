// A contest with a crowd on an embedded database, beside the built service: what the benches of leaderboards share.
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

export const SECRET = 'bench-bench-bench-bench-bench';
export const USER_OFFSET = 1_000_000;

/**
 * Opens the database and contest 1 of players 1 to `participants` and problems 1 to `problems`, installs the triggers,
 * starts the service, measures, and closes everything.
 *
 * @param fillMore writes what else exists before the triggers are installed, for a thousand players' ids at a time
 */
export async function withContest({ participants, problems, fillMore }, measure) {
  const directory = await mkdtemp(join(tmpdir(), 'live-bench-'));
  const server = await startEmbeddedDatabase({ directory });
  const database = openDatabase({ url: server.url });
  let service;
  try {
    await migrate(database);
    await fill(database, participants, problems, fillMore);
    await installTriggers(database);
    service = await startService({ DATABASE_URL: server.url, JWT_SECRET: SECRET });
    await measure({ database, server, service });
  } finally {
    await service?.stop();
    await database.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function fill(database, participants, problemCount, fillMore) {
  const pages = Array.from({ length: Math.ceil(participants / 1_000) }, (_, page) =>
    Array.from({ length: Math.min(1_000, participants - page * 1_000) }, (_, i) => page * 1_000 + i + 1),
  );
  const insert = (sql, rows) => database.execute(sql, [rows]);
  const problems = Array.from({ length: problemCount }, (_, index) => index + 1);
  await insert(
    'INSERT INTO problem (id, title, difficulty, points, description, examples, test_cases) VALUES ?',
    problems.map((id) => [id, `Problem ${id}`, 'EASY', 100, '{}', '[]', '[]']),
  );
  for (const ids of pages) {
    await insert(
      'INSERT INTO users (id, name, email, password, role, profile_picture) VALUES ?',
      ids.map((id) => [
        USER_OFFSET + id,
        `Player ${id}`,
        `p${id}@bench.example`,
        '-',
        'PLAYER',
        `/pictures/${id}.png`,
      ]),
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
    await fillMore?.(insert, ids, problems);
  }
}

/**
 * Opens player 1's stream and resolves once it is caught up.
 *
 * @param query of the leaderboard's stream, with its `?`, or empty
 * @param onEvent is given each event's name and the text of its data
 * @returns the function that closes the stream
 */
export async function openLeaderboard(service, query, patienceMs, onEvent) {
  const token = await mintPlatformToken(SECRET, USER_OFFSET + 1);
  const stop = new AbortController();
  const response = await fetch(`http://127.0.0.1:${service.port}/streams/contests/1/leaderboard${query}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(patienceMs)]),
  });
  const { promise, resolve, reject } = withResolvers();
  const parser = createParser({
    onEvent({ event, data }) {
      onEvent(event, data);
      if (event === 'caught-up') resolve();
    },
  });
  const ended = () => reject(new Error('the stream ended before it was caught up'));
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
  })().then(ended, ended);
  await promise;
  return () => stop.abort();
}

/** `Promise.withResolvers`, which Node has from version 22 on. */
function withResolvers() {
  let resolve;
  let reject;
  const promise = new Promise((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

/**
 * Sends at a steady rate, then waits until nothing is waited for any more.
 *
 * @param send starts the submission of that number, and resolves when it is written
 * @param waiting what was not seen yet, by its size
 * @returns seconds that sending took, how many were sent, and what each process used of one core, as text
 */
export async function sendPaced({ rate, seconds, processes, patienceMs, waiting }, send) {
  const before = processes.map((pid) => cpuOf(pid));
  const began = performance.now();
  const working = [];
  let sent = 0;
  for (; sent < rate * seconds; sent++) {
    const early = began + (sent * 1_000) / rate - performance.now();
    if (early > 0) await sleep(early);
    working.push(send(sent));
  }
  await Promise.all(working);
  const took = (performance.now() - began) / 1_000;
  const used = processes.map((pid, index) => {
    const ms = cpuOf(pid) - before[index];
    return `${((ms / took / 1_000) * 100).toFixed(0)} %`;
  });
  const patience = performance.now() + patienceMs;
  while (waiting.size > 0 && performance.now() < patience) await sleep(20);
  return { sent, took, used };
}

/** "p50 1 ms, p99 2 ms, most 3 ms" of delays in ms. @throws where there is none */
export function spreadOf(delays) {
  if (delays.length === 0) throw new Error('no delta came');
  const sorted = Float64Array.from(delays).sort();
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
}

export const meanOf = (sizes) => sizes.reduce((sum, size) => sum + size, 0) / sizes.length;

export const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

/** Inserts a submission of each player to each problem, a third of them accepted. For `fillMore`. */
export function fillSubmissions(insert, ids, problems) {
  return insert(
    'INSERT INTO submission (player_id, problem_id, contest_id, language, verdict, points_earned, submitted_at) VALUES ?',
    ids.flatMap((id) =>
      problems.map((problem) => {
        const [verdict, points] = (id + problem) % 3 === 0 ? ['ACCEPTED', 100] : ['WRONG_ANSWER', 0];
        return [id, problem, 1, 'cpp', verdict, points, '2026-01-01 00:30:00'];
      }),
    ),
  );
}
