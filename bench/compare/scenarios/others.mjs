// What else sends events from Node, with 1,000 streams.
import { assertOpen, withEach } from '../measure.mjs';
import { recordPaced, recordSaturated } from './thousand-streams.mjs';

const STREAMS = 1_000;
const NAMES = ['better-sse', 'ws', 'socket.io', 'hono streamSSE'];

export const others = {
  name: 'others',
  maxRounds: 2,
  inQuick: false,
  async run(bench, record) {
    const { pacedS, publishS } = bench.durations;
    const contenders = NAMES.map((name) => bench.peers[name]);
    await withEach(bench, contenders, {}, async ({ name }, { run }) => {
      assertOpen(await run(`open ${STREAMS}`), STREAMS);
      await recordPaced(record, name, STREAMS, 20, run, pacedS);
      await recordSaturated(record, name, STREAMS, run, publishS);
    });
  },
};
