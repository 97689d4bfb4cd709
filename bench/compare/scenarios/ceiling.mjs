// A C program with one `send()` per event and stream, and what the load client itself can read.
import { assertComplete, assertOpen, withContender } from '../measure.mjs';
import { recordSaturated } from './thousand-streams.mjs';

const STREAMS = [1_000, 10_000];
/** Events in one write, so that the client and not the server is the limit. */
const JOINED = 500;

export const ceiling = {
  name: 'ceiling',
  maxRounds: 2,
  inQuick: false,
  async run(bench, record) {
    const contender = bench.peers.ceiling;
    for (const streams of STREAMS)
      await withContender(bench, contender, {}, async ({ run }) => {
        assertOpen(await run(`open ${streams}`), streams);
        await run('publish connections=1 seconds=0.5');
        await recordSaturated(record, contender.name, streams, run, bench.durations.publishS);
        if (streams !== STREAMS[0]) return;
        const joined = assertComplete(await run(`publish connections=4 batch=${JOINED} seconds=1`));
        record('load client', 'its own limit', { perSecond: joined.deliveriesPerSecond });
      });
  },
};
