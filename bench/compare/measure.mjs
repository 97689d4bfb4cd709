// A server, the load client beside it, and what the server used meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf, residentOf } from '../process-usage.mjs';
import { startLoad } from './load-client.mjs';

/** Time between two samples of resident memory, ms. */
const SAMPLE_MS = 100;
/** Time after which memory is at rest once garbage was collected, ms. */
const COLLECTED_MS = 400;

/**
 * Starts a contender and a client, and stops both after `work`.
 * @param bench what the run has: `programs`, `directory`
 * @param options as the contender's `start` takes them
 * @param work gets `{ server, run }`: `run(command)` resolves with the client's answer and, in ms, `cpuMs` of the server's
 *   process and `allCpuMs` of all of its processes
 */
export async function withContender(bench, contender, options, work) {
  const server = await contender.start(options);
  let load;
  try {
    load = await startLoad(bench.programs.client, bench.directory, server.target);
    // nginx serves from its worker, all others from the process that was started.
    const main = contender.name === 'nchan' ? server.pids[1] : server.pids[0];
    const run = async (command) => {
      const before = server.pids.map(cpuOf);
      const mainBefore = cpuOf(main);
      const answer = await load.command(command);
      const all = server.pids.reduce((sum, pid, at) => sum + cpuOf(pid) - before[at], 0);
      return { ...answer, cpuMs: cpuOf(main) - mainBefore, allCpuMs: all };
    };
    return await work({ server, run, main });
  } finally {
    await load?.close();
    await server.stop();
  }
}

/**
 * `withContender` for each contender that there is, in the other order every second round: none is always first.
 * @throws after all of them, where one failed
 */
export async function withEach(bench, contenders, options, work) {
  const present = contenders.filter((one) => one !== undefined);
  const failures = [];
  for (const contender of bench.round % 2 === 0 ? present.toReversed() : present)
    await withContender(bench, contender, options, (started) => work(contender, started)).catch((error) =>
      failures.push(`${contender.name}: ${error.message}`),
    );
  if (failures.length > 0) throw new Error(failures.join('; '));
}

/** Resident memory in KiB after garbage was collected, where the process was started with `COLLECTS`. */
export async function collected(pid, collects) {
  if (collects) process.kill(pid, 'SIGUSR2');
  await sleep(COLLECTED_MS);
  return residentOf(pid);
}

/** The greatest resident memory, in KiB, of a process while `work` runs. */
export async function peakOf(pid, work) {
  let peak = residentOf(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentOf(pid));
  }, SAMPLE_MS);
  try {
    return { outcome: await work(), peak };
  } finally {
    clearInterval(timer);
  }
}

/** @throws unless every delivery arrived, once and in the order of all the others */
export function assertComplete(answer) {
  const { refused = 0, deliveries, expected, differing, broken, ended, failure, refusal } = answer;
  if (refused > 0) throw new Error(`${refused} requests failed: ${refusal}`);
  if (expected !== undefined && deliveries !== expected)
    throw new Error(`${deliveries} of ${expected} deliveries arrived; ${ended} streams ended: ${failure}`);
  if (differing > 0 || broken > 0)
    throw new Error(`${differing} streams received other events than the rest, ${broken} frames were broken`);
  return answer;
}

/** @throws unless as many streams are open */
export function assertOpen(answer, streams) {
  if (answer.open !== streams)
    throw new Error(`${answer.open} of ${streams} streams opened: ${answer.failure}`);
  return answer;
}
