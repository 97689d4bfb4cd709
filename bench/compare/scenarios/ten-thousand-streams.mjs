// Streams of 10,000 users: opened, idle, written to at modest rates and as fast as it goes, and all reconnecting at once.
import { openDatabase } from '../../../dist/db/database.js';
import { assertComplete, assertOpen, collected, withEach } from '../measure.mjs';
import { COLLECTS } from '../service.mjs';
import { recordPaced, recordSaturated } from './thousand-streams.mjs';

const STREAMS = 10_000;
const RATES = [5, 10];
/** Streams that are opened and closed before those that are measured. */
const WARM_UP = 2_000;
/** Events between the cut and the reconnection. */
const MISSED = 100;
/** Max time after which everybody who opened or closed a stream has been announced, s: a few thousand with each event. */
const ANNOUNCED_S = 60;
/** Time for which the service is measured without streams, s. */
const REST_S = 10;
/** Rounds in which streams are measured while they are idle: it takes half a minute, and differs little. */
const IDLE_ROUNDS = 2;

export const tenThousandStreams = {
  name: 'streams-10000',
  async run(bench, record) {
    const contenders = [bench.service, bench.peers.bare, bench.peers.nchan];
    await withEach(bench, contenders, { flags: COLLECTS }, (contender, started) =>
      measure(bench, record, contender, started),
    );
  },
};

async function measure(bench, record, { name }, { server, run, main }) {
  const collects = name !== 'nchan';
  const { idleS, pacedS, publishS } = bench.durations;
  // What a process compiles and allocates with its first streams is not counted.
  assertOpen(await run(`open ${WARM_UP} window=100`), WARM_UP);
  await run('close');
  await run('wait 2');
  if (name === 'service' && bench.round === 1 && !bench.quick) {
    await announced(server.databaseUrl, 0, run);
    const rest = await run(`wait ${REST_S}`);
    record('10,000 idle streams', name, { restPercent: rest.cpuMs / (REST_S * 10) });
  }
  const before = await collected(main, collects);
  const opening = assertOpen(await run(`open ${STREAMS} window=100 timeout=300`), STREAMS);
  record('opening 10,000 streams', name, {
    perSecond: opening.opened / opening.seconds,
    p99: opening.opening.p99,
    retries: opening.retries,
    cpuMs: opening.cpuMs / opening.opened,
    allCpuMs: opening.allCpuMs / opening.opened,
  });
  // Announcing whose streams opened is work of the opening, though it is done in the seconds after it.
  if (name === 'service') await announced(server.databaseUrl, STREAMS, run);
  else await run('wait 1');
  const memory = (await collected(main, collects)) - before;
  // A whole keepalive interval. Of the peers the time at rest is compared with nothing.
  const isMeasured = bench.round <= IDLE_ROUNDS && (name === 'service' || (name === 'bare' && !bench.quick));
  const statements = isMeasured && name === 'service' ? await statementsOf(server.databaseUrl) : undefined;
  const idle = isMeasured ? await run(`wait ${idleS}`) : undefined;
  record('10,000 idle streams', name, {
    kibPerStream: memory / STREAMS,
    cpuPercent: idle && idle.cpuMs / (idleS * 10),
    ...(statements && (await statements.since(idleS))),
  });
  if (name === 'bare') return;
  for (const rate of bench.quick ? RATES.slice(0, 1) : RATES)
    await recordPaced(record, name, STREAMS, rate, run, pacedS);
  await recordSaturated(record, name, STREAMS, run, publishS);
  if (name === 'service') await recordReconnection(bench, record, server, run);
}

/** Cuts all streams, publishes, and reconnects all at once with a cursor from before. */
async function recordReconnection(bench, record, server, run) {
  const cursor = await publishOne(bench, server);
  await run('wait 1');
  await run('close');
  await run('forget');
  assertComplete(await run(`publish connections=1 batch=${MISSED} seconds=0`));
  const opening = await run(`open ${STREAMS} window=${STREAMS} cursor=${cursor} timeout=300`);
  assertOpen(opening, STREAMS);
  assertComplete({ ...opening, expected: MISSED * STREAMS });
  record('10,000 streams reconnect at once', 'service', {
    seconds: opening.seconds,
    p50: opening.opening.p50,
    retries: opening.retries,
    cpuMs: opening.cpuMs / STREAMS,
  });
}

/** Publishes an event; resolves with the cursor behind it. */
export async function publishOne({ service }, server) {
  const response = await fetch(`http://127.0.0.1:${server.port}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.publisher}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'ANNOUNCEMENT', data: { contestId: 1, title: 'bench', message: 'cursor' } }),
  });
  if (response.status !== 201) throw new Error(`publishing was answered with ${response.status}`);
  const { events } = await response.json();
  return events[0].cursor;
}

/**
 * Waits until as many players are announced as online.
 * @throws after `ANNOUNCED_S`
 */
async function announced(url, players, run) {
  const database = openDatabase({ url, poolSize: 1 });
  try {
    for (let waited = 0; waited < ANNOUNCED_S; waited++) {
      const [row] = await database.query('SELECT online FROM announced_presence WHERE id = 1');
      if ((row?.online ?? 0) === players) return;
      await run('wait 1');
    }
    throw new Error(`${players} players were not announced as online within ${ANNOUNCED_S} s`);
  } finally {
    await database.close();
  }
}

/** Statements that write, and all statements, from now on. */
async function statementsOf(url) {
  const database = openDatabase({ url, poolSize: 1 });
  const read = async () => {
    const rows = await database.query(
      `SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Com_insert', 'Com_update', 'Com_delete', 'Com_replace',
       'Com_insert_select', 'Com_update_multi', 'Com_delete_multi')`,
    );
    const value = new Map(rows.map((row) => [row.Variable_name, Number(row.Value)]));
    const questions = value.get('Questions');
    value.delete('Questions');
    return { questions, writes: [...value.values()].reduce((sum, one) => sum + one, 0) };
  };
  const before = await read();
  return {
    async since(seconds) {
      const after = await read();
      await database.close();
      return {
        queriesPerSecond: (after.questions - before.questions) / seconds,
        writesPerSecond: (after.writes - before.writes) / seconds,
      };
    },
  };
}
