// What else sends events from Node, with 1,000 streams.
import { assertOpen, withContender } from '../measure.mjs';
import { recordPaced, recordSaturated } from './thousand-streams.mjs';

const STREAMS = 1_000;
const NAMES = ['better-sse', 'ws', 'socket.io', 'hono streamSSE'];

export const others = {
  name: 'others',
  maxRounds: 3,
  inQuick: false,
  async run(bench, record) {
    const { pacedS, publishS } = bench.durations;
    for (const name of NAMES)
      await withContender(bench, bench.peers[name], {}, async ({ run }) => {
        assertOpen(await run(`open ${STREAMS}`), STREAMS);
        await recordPaced(record, name, STREAMS, 20, run, pacedS);
        await recordSaturated(record, name, STREAMS, run, publishS);
      });
  },
};
