// Several nodes on one database, and what they use together.
import { setTimeout as sleep } from 'node:timers/promises';
import { COLLECTS, SECRET } from '../compare/service.mjs';
import { cpuOf, residentOf } from '../process-usage.mjs';
import { startService } from '../server-process.mjs';

/** Time in which garbage is collected, ms. */
const COLLECTED_MS = 1_500;
/** Time after which a node that did not start is started again, ms. */
const RETRY_MS = 2_000;

/** A node. On a busy machine the database may not answer it in time: it is started again. */
async function startPatiently(env, attempts = 5) {
  try {
    return await startService(env, COLLECTS);
  } catch (error) {
    if (attempts === 1) throw error;
    await sleep(RETRY_MS);
    return startPatiently(env, attempts - 1);
  }
}

/**
 * Starts nodes.
 * @param databasePid process of the database
 * @param read runs a query of the database
 */
export async function startNodes(count, { databaseUrl, redisUrl, databasePid, read }) {
  const env = { DATABASE_URL: databaseUrl, JWT_SECRET: SECRET, DEMO: 'off', MAX_REQUESTS_PER_SECOND: '0' };
  if (redisUrl) env.REDIS_URL = redisUrl;
  const nodes = await Promise.all(Array.from({ length: count }, () => startPatiently(env)));
  const pids = nodes.map(({ pid }) => pid);
  const queries = async () => Number((await read("SHOW GLOBAL STATUS LIKE 'Questions'")).at(0)?.Value);
  const logRows = async () => {
    const [found] = await read(
      "SELECT SUM(ROWS_READ) AS count FROM information_schema.TABLE_STATISTICS WHERE TABLE_NAME = 'notification'",
    );
    return Number(found?.count ?? 0);
  };
  const rowsSent = async ({ port }) => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/^live_backplane_rows (\d+)/m.exec(metrics)?.[1] ?? 0);
  };
  const usage = async () => ({
    at: performance.now(),
    cpuMs: pids.reduce((sum, pid) => sum + cpuOf(pid), 0),
    databaseCpuMs: cpuOf(databasePid),
    queries: await queries(),
    logRows: await logRows(),
    rowsSent: (await Promise.all(nodes.map(rowsSent))).reduce((sum, count) => sum + count, 0),
  });
  return {
    ports: nodes.map(({ port }) => port),
    /** What the nodes and the database use while `work` runs, of each kind in total. */
    async during(work) {
      const before = await usage();
      const outcome = await work();
      const after = await usage();
      const used = Object.fromEntries(Object.keys(after).map((key) => [key, after[key] - before[key]]));
      // The second reading itself asked twice.
      return { outcome, seconds: used.at / 1_000, ...used, queries: used.queries - 2 };
    },
    /** Resident memory of all nodes after garbage was collected, KiB. */
    async resident() {
      for (const pid of pids) process.kill(pid, 'SIGUSR2');
      await sleep(COLLECTED_MS);
      return pids.reduce((sum, pid) => sum + residentOf(pid), 0);
    },
    stop: () => Promise.all(nodes.map(({ stop }) => stop())),
  };
}
