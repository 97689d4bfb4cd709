// Points of the curves: one dimension grows, once a run.
import { assertComplete, assertOpen, collected, withContender, withEach } from '../measure.mjs';
import { COLLECTS } from '../service.mjs';
import { publishOne } from './ten-thousand-streams.mjs';

const STREAMS = [100, 300, 1_000, 3_000, 10_000];
const PUBLISHERS = [1, 4, 16, 64, 256];
/** Events that each stream has missed. */
const MISSED = [1, 10, 100, 1_000, 10_000];
const RESUMING = 1_000;
/** Max deliveries a second at which latency is measured. */
const MODEST = 50_000;
const MAX_RATE = 20;
const MAX_BATCH = 1_000;
const SECONDS = 1.5;

export const curves = {
  name: 'curves',
  maxRounds: 1,
  inQuick: false,
  async run(bench, _record, point) {
    await withEach(bench, [bench.service, bench.peers.nchan], {}, ({ name }, { run }) =>
      growStreams(name, run, point),
    );
    const holders = [bench.service, bench.peers.bare, bench.peers.nchan];
    await withEach(bench, holders, { flags: COLLECTS }, ({ name }, { run, main }) =>
      growMemory(name, run, main, point),
    );
    await withEach(bench, [bench.service, bench.peers.bare], {}, ({ name }, { run }) =>
      growPublishers(name, run, point),
    );
    await withContender(bench, bench.service, {}, (started) => growDistance(bench, started, point));
  },
};

async function growStreams(name, run, point) {
  for (const streams of STREAMS) {
    await run('close');
    assertOpen(await run(`open ${streams} timeout=300`), streams);
    const rate = Math.min(MAX_RATE, MODEST / streams);
    const paced = assertComplete(await run(`paced rate=${rate} seconds=${SECONDS * 2}`));
    point('latency', name, streams, paced.arrival.p99);
    const saturated = assertComplete(await run(`publish connections=64 seconds=${SECONDS}`));
    point('deliveries', name, streams, saturated.deliveriesPerSecond);
  }
}

async function growMemory(name, run, main, point) {
  for (const streams of STREAMS) {
    await run('close');
    assertOpen(await run(`open ${streams} timeout=300`), streams);
    await run('wait 0.5');
    point('memory', name, streams, (await collected(main, name !== 'nchan')) / 1024);
  }
}

async function growPublishers(name, run, point) {
  await run('publish connections=64 seconds=1');
  for (const publishers of PUBLISHERS) {
    const { eventsPerSecond } = assertComplete(
      await run(`publish connections=${publishers} seconds=${SECONDS}`),
    );
    point('publishing', name, publishers, eventsPerSecond);
  }
}

async function growDistance(bench, { server, run }, point) {
  for (const missed of MISSED) {
    await run('close');
    assertOpen(await run(`open ${RESUMING}`), RESUMING);
    const cursor = await publishOne(bench, server);
    await run('close');
    await run('forget');
    const batch = Math.min(MAX_BATCH, missed);
    for (let published = 0; published < missed; published += batch)
      assertComplete(await run(`publish connections=1 batch=${batch} seconds=0`));
    const opening = await run(`open ${RESUMING} window=${RESUMING} cursor=${cursor} timeout=60`);
    assertOpen(opening, RESUMING);
    assertComplete({ ...opening, expected: missed * RESUMING });
    point('resume', 'service', missed, opening.seconds);
  }
}
