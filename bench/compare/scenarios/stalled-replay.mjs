// Readers that stop reading while they are sent what they missed: whether they are closed, and the memory that they take.
import { setTimeout as sleep } from 'node:timers/promises';
import { assertComplete, assertOpen, peakOf, withContender } from '../measure.mjs';
import { publishOne } from './ten-thousand-streams.mjs';

const STREAMS = 100;
/** Events that each reader has missed: more bytes than the kernel buffers for it. */
const MISSED = 20_000;
const BATCH = 1_000;
/** Limit in this measurement, ms: the default would take the bench too long. */
const MAX_STALL_MS = 2_000;
/** Time after the limit for which closed streams are waited for, ms. */
const PATIENCE_MS = 10_000;

export const stalledReplay = {
  name: 'stalled-replay',
  maxRounds: 2,
  inQuick: false,
  async run(bench, record) {
    const env = { STREAM_MAX_STALL_MS: String(MAX_STALL_MS) };
    // `caught-up` would come behind the replay.
    await withContender(bench, bench.service, { env, opened: 'event: stream-open' }, (started) =>
      measure(bench, record, started),
    );
  },
};

async function measure(bench, record, { server, run, main }) {
  const cursor = await publishOne(bench, server);
  for (let published = 0; published < MISSED; published += BATCH)
    assertComplete(await run(`publish connections=1 batch=${BATCH} seconds=0`));
  const before = await peakOf(main, () => run('wait 1'));
  const stalled = await peakOf(main, async () => {
    const open = `open ${STREAMS} window=${STREAMS} cursor=${cursor} stalled=1 still=1`;
    assertOpen(await run(open), STREAMS);
    return closingOf(server);
  });
  record('100 readers stall during the replay', 'service', {
    ...stalled.outcome,
    moreMiB: (stalled.peak - before.peak) / 1024,
  });
}

/** Waits until the service has closed all streams: seconds that it took, and how many were left. */
async function closingOf(server) {
  const begunAt = performance.now();
  const elapsed = () => performance.now() - begunAt;
  let left = STREAMS;
  while (left > 0 && elapsed() < MAX_STALL_MS + PATIENCE_MS) {
    await sleep(100);
    left = (await (await fetch(`http://127.0.0.1:${server.port}/health`)).json()).streams;
  }
  return { seconds: elapsed() / 1_000, left };
}
