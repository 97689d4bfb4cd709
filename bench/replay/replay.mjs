import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Platform } from './platform.mjs';
import { playReveal } from './reveal.mjs';
import { Scoreboard } from './scoreboard.mjs';
import { timelineOf } from './timeline.mjs';
import { Viewer } from './viewer.mjs';

/** Max time until everybody shows a step, ms. */
const STEP_MS = 30_000;
/** Time by which the freeze of the contest lies ahead when the replay begins, ms. */
const AHEAD_MS = 2_000;
const AUDIENCES = ['shown', 'real'];

/**
 * Plays a feed into the platform's tables, and compares after every step what players and admins get (the stream with cells,
 * REST, the event feed and the scoreboard of the Contest API) with a scoreboard of its own.
 *
 * @param lines of a feed of the CLICS Contest API, each an object
 * @param options `pool`: of the platform's database, at UTC; `url` of the service; `tokenOf(userId)`; `speed`: contest time over
 *   time, 0: as fast as the comparisons allow; `end`: how a freeze ends, by a `reveal` step by step or a `thaw` at once; `seed` of
 *   verdicts that the feed lacks; `onStep`, called after each action
 * @returns number of steps and comparisons, what differed, and latencies by type, ms
 */
export async function replay(
  lines,
  { pool, url, tokenOf, speed = 0, end = 'reveal', seed, onStep = () => {} },
) {
  const timeline = timelineOf(lines, seed);
  const platform = new Platform(pool);
  const adminId = await platform.createUser('Replay admin', 'ADMIN');
  const viewerId = await platform.createUser('Replay viewer', 'COMPANY');
  const players = new Map();
  for (const { id, name } of timeline.teams) players.set(id, (await platform.createPlayer(name)).playerId);
  const problems = new Map();
  for (const { id, name } of timeline.problems) problems.set(id, await platform.createProblem(name));

  // Times of submission are those of the feed. The contest starts when its freeze falls on the instant at which it is frozen.
  const freezeS = timeline.freezeAt ?? timeline.duration;
  const playS = speed > 0 ? freezeS / speed : 0;
  const freezesAt = Math.ceil(((await platform.now()) + AHEAD_MS + playS * 1_000) / 1_000) * 1_000;
  const startsAt = freezesAt - freezeS * 1_000;
  const ids = [...players.values()];
  const problemIds = [...problems.values()];
  await platform.createContest({
    title: timeline.name,
    adminId,
    problems: problemIds,
    startsAt,
    duration: timeline.duration,
    players: ids,
  });
  const scoreboard = new Scoreboard(startsAt, ids);
  const { contestId } = platform;
  const viewers = {
    shown: new Viewer({ url, contestId, token: await tokenOf(viewerId) }),
    real: new Viewer({ url, contestId, token: await tokenOf(adminId) }),
  };
  const latencies = new Map();
  const differences = [];
  let comparisons = 0;
  let committedAt;
  let arrived = new Set();
  let allowed;
  /** Name of the change that was made last. */
  let current;

  for (const audience of AUDIENCES) {
    const viewer = viewers[audience];
    viewer.onArrival = (type) => {
      const key = `${type} (${audience})`;
      if (committedAt === undefined || arrived.has(key)) return;
      arrived.add(key);
      latencies.set(key, [...(latencies.get(key) ?? []), performance.now() - committedAt]);
    };
    // Between two steps a stream shows the one or the other, and nothing else.
    viewer.onChange = () => {
      const states = allowed?.[audience];
      if (!states) return;
      comparisons++;
      const now = viewer.streamed;
      for (const part of ['rows', 'cells'])
        if (!states.some((state) => isDeepStrictEqual(state[part], now[part])))
          differences.push({
            step: current,
            audience,
            where: `stream, in between: ${part}`,
            expected: states.map((state) => state[part]),
            found: now[part],
          });
    };
    await viewer.open();
  }

  const expectedOf = (audience) => ({ rows: scoreboard.rows(audience), cells: scoreboard.cells(audience) });
  const stringKeys = (verdicts) =>
    Object.fromEntries(Object.entries(verdicts).map(([id, verdict]) => [String(id), verdict]));

  async function differencesNow() {
    const found = [];
    const compare = (audience, where, expected, actual) => {
      if (!isDeepStrictEqual(expected, actual)) found.push({ audience, where, expected, found: actual });
    };
    for (const audience of AUDIENCES) {
      const viewer = viewers[audience];
      compare(audience, 'stream', expectedOf(audience), viewer.streamed);
      compare(audience, 'feed', stringKeys(scoreboard.verdicts(audience)), viewer.feed.verdicts);
    }
    // REST is asked once the rest is equal: it is the most expensive.
    if (found.length === 0)
      for (const audience of AUDIENCES)
        compare(audience, 'REST', expectedOf(audience), await viewers[audience].fetched());
    if (found.length === 0)
      for (const audience of AUDIENCES)
        compare(
          audience,
          'scoreboard of the Contest API',
          scoreboard.standings(audience, problemIds),
          await viewers[audience].scoreboard(),
        );
    return found;
  }

  /** Waits until everybody shows the same as the own scoreboard. */
  async function settle(name) {
    const deadline = performance.now() + STEP_MS;
    for (;;) {
      const found = await differencesNow();
      if (found.length === 0) break;
      if (performance.now() > deadline) {
        differences.push(...found.map((difference) => ({ step: name, ...difference })));
        break;
      }
      await sleep(20);
    }
    comparisons += AUDIENCES.length * 4;
  }

  const submissions = new Map();
  /** Added to times of submission after the freeze, ms: they come after the instant at which it was recorded. */
  let shiftMs = 0;

  async function perform(action) {
    switch (action.kind) {
      case 'submit': {
        const at = startsAt + action.at * 1_000 + (scoreboard.frozen ? shiftMs : 0);
        const [playerId, problemId] = [players.get(action.team), problems.get(action.problem)];
        const id = await platform.submit(playerId, problemId, at);
        submissions.set(action.submissionId, { id, playerId });
        scoreboard.submit(id, playerId, problemId, at);
        return performance.now();
      }
      case 'judge': {
        const { id, playerId } = submissions.get(action.submissionId);
        scoreboard.judge(id, action.verdict);
        return platform.judge(id, action.verdict, playerId, scoreboard.totals(playerId));
      }
      case 'freeze': {
        await sleep(Math.max(0, freezesAt - (await platform.now())));
        scoreboard.freeze();
        await platform.setFrozen(true);
        const at = performance.now();
        shiftMs = Math.max(0, Math.ceil(((await platform.now()) + 2_000 - freezesAt) / 1_000) * 1_000);
        await until(async () => typeof viewers.shown.feed.state.frozen === 'string');
        return at;
      }
      case 'end': {
        const rows = Object.entries(scoreboard.rows('real'));
        await platform.end(Object.fromEntries(rows.map(([playerId, { rank }]) => [playerId, rank])));
        return performance.now();
      }
      default:
        if (scoreboard.frozen) scoreboard.thaw();
        await platform.setFrozen(false);
        return performance.now();
    }
  }

  /** Runs one change, and compares everything after it. @param isSingle whether everybody sees at most one change of it */
  async function play(name, change, isSingle = () => false) {
    arrived = new Set();
    const before = Object.fromEntries(AUDIENCES.map((audience) => [audience, expectedOf(audience)]));
    // The expected state changes while the statements run: what arrives meanwhile is compared afterwards.
    allowed = undefined;
    current = name;
    committedAt = performance.now();
    committedAt = await change();
    allowed = isSingle()
      ? Object.fromEntries(AUDIENCES.map((audience) => [audience, [before[audience], expectedOf(audience)]]))
      : undefined;
    await settle(name);
    committedAt = undefined;
  }

  /** Makes a request of the reveal as the admin. */
  async function requestReveal(path, body) {
    const response = await fetch(`${url}/contests/${contestId}/reveal${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await tokenOf(adminId)}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (response.status !== 200)
      throw new Error(`reveal${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
  const revealAll = () =>
    playReveal({
      scoreboard,
      players: ids,
      problems: problemIds,
      viewers,
      request: requestReveal,
      play,
      compare(where, expected, found) {
        comparisons++;
        if (!isDeepStrictEqual(expected, found)) differences.push({ where, expected, found });
      },
    });
  let revealSteps = 0;

  try {
    await until(() => AUDIENCES.every((audience) => viewers[audience].ready));
    await settle('the empty scoreboard');
    const begunAt = performance.now();
    for (const [index, action] of timeline.actions.entries()) {
      if (speed > 0) await sleep(Math.max(0, begunAt + (action.at / speed) * 1_000 - performance.now()));
      if (action.kind === 'thaw' && end === 'reveal') revealSteps = await revealAll();
      const isSingle = action.kind === 'submit' || action.kind === 'judge';
      await play(
        `${index + 1}: ${action.kind} at ${action.at} s`,
        () => perform(action),
        () => isSingle,
      );
      onStep(index + 1, timeline.actions.length);
      if (differences.length > 0) break;
    }
    if (differences.length === 0)
      await until(() => typeof viewers.shown.feed.state.end_of_updates === 'string');
  } finally {
    for (const audience of AUDIENCES) viewers[audience].close();
  }
  return {
    contestId,
    steps: timeline.actions.length,
    revealSteps,
    comparisons,
    differences,
    faults: AUDIENCES.flatMap((audience) => viewers[audience].faults),
    latencies: Object.fromEntries([...latencies].map(([type, all]) => [type, summaryOf(all)])),
  };
}

async function until(holds) {
  const deadline = performance.now() + STEP_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${STEP_MS} ms: ${holds}`);
    await sleep(10);
  }
}

function summaryOf(all) {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] * 10) / 10;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
}
