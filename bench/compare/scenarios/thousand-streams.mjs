// 1,000 streams: events at a modest rate, as fast as it goes, and with a tenth of the readers stalled.
import { assertComplete, assertOpen, peakOf, withContender, withEach } from '../measure.mjs';

const STREAMS = 1_000;
const RATE = 20;
/** Each of so many streams stalls. */
const STALLED_EACH = 10;
/** So that a stalled stream's buffers fill: events a second are `RATE` times this. */
const STALLED_BATCH = 15;

export const thousandStreams = {
  name: 'streams-1000',
  async run(bench, record) {
    await withEach(bench, [bench.service, bench.peers.nchan], {}, (contender, started) =>
      measure(bench, record, contender, started),
    );
    if (bench.quick) return;
    await withContender(bench, bench.service, {}, (started) => measureStalled(bench, record, started));
  },
};

async function measure(bench, record, { name }, { run }) {
  const { warmUpS, pacedS, publishS } = bench.durations;
  await run(`publish connections=64 seconds=${warmUpS}`);
  const before = await run(`publish connections=64 seconds=${publishS}`);
  assertOpen(await run(`open ${STREAMS}`), STREAMS);
  await recordPaced(record, name, STREAMS, RATE, run, pacedS);
  await recordSaturated(record, name, STREAMS, run, publishS, before.eventsPerSecond);
}

/** Records events at a fixed rate to open streams. */
export async function recordPaced(record, name, streams, rate, run, seconds) {
  await run(`paced rate=${rate} seconds=1`);
  const paced = assertComplete(await run(`paced rate=${rate} seconds=${seconds}`));
  record(`${streams.toLocaleString('en')} streams, ${rate} events/s`, name, {
    p50: paced.arrival.p50,
    p99: paced.arrival.p99,
    cpuUs: (paced.cpuMs * 1_000) / paced.deliveries,
    allCpuUs: (paced.allCpuMs * 1_000) / paced.deliveries,
    answerP50: paced.answer.p50,
  });
}

/** Records events from 64 closed-loop publishers to open streams. */
export async function recordSaturated(record, name, streams, run, seconds, before) {
  const saturated = assertComplete(await run(`publish connections=64 seconds=${seconds}`));
  record(`${streams.toLocaleString('en')} streams, saturated`, name, {
    perSecond: saturated.deliveriesPerSecond,
    p50: saturated.arrival.p50,
    p99: saturated.arrival.p99,
    behindP50: saturated.behind.p50,
    behindP99: saturated.behind.p99,
    published: saturated.eventsPerSecond,
    publishedPart: before > 0 ? saturated.eventsPerSecond / before : undefined,
    cpuUs: (saturated.cpuMs * 1_000) / saturated.deliveries,
    clientBusy: saturated.clientCpuMs / (saturated.totalSeconds * 1_000),
  });
}

async function measureStalled(bench, record, { run, main }) {
  const command = `paced rate=${RATE} batch=${STALLED_BATCH} seconds=${bench.durations.stalledS}`;
  assertOpen(await run(`open ${STREAMS} stalled=${STALLED_EACH}`), STREAMS);
  await run('paced rate=5 seconds=1');
  const all = await peakOf(main, async () => assertComplete(await run(command)));
  await run(`stall ${STALLED_EACH}`);
  const others = await peakOf(main, async () => assertComplete(await run(command)));
  record('100 of 1,000 readers stalled', 'service', {
    p99: others.outcome.arrival.p99,
    p99Without: all.outcome.arrival.p99,
    p99Ratio: others.outcome.arrival.p99 / all.outcome.arrival.p99,
    peakMiB: others.peak / 1024,
    moreMiB: (others.peak - all.peak) / 1024,
  });
}
