// Publishing over REST, without streams, beside `node:http` that only parses the JSON.
import { assertComplete, withEach } from '../measure.mjs';

export const publish = {
  name: 'publish',
  async run(bench, record) {
    const { warmUpS, publishS } = bench.durations;
    const contenders = [bench.service, bench.peers.bare];
    await withEach(bench, contenders, {}, async (contender, { run }) => {
      await run(`publish connections=64 seconds=${warmUpS}`);
      const many = assertComplete(await run(`publish connections=64 seconds=${publishS}`));
      record('publish, 64 connections', contender.name, {
        perSecond: many.eventsPerSecond,
        p50: many.answer.p50,
        p99: many.answer.p99,
        cpuUs: (many.cpuMs * 1_000) / many.events,
        allCpuUs: (many.allCpuMs * 1_000) / many.events,
      });
      const one = assertComplete(await run(`publish connections=1 seconds=${publishS}`));
      record('publish, 1 connection', contender.name, {
        perSecond: one.eventsPerSecond,
        p50: one.answer.p50,
        p99: one.answer.p99,
        cpuMs: one.cpuMs / one.events,
      });
      const batches = assertComplete(await run(`publish connections=4 batch=1000 seconds=${publishS}`));
      record('publish, batches of 1,000', contender.name, {
        perSecond: batches.eventsPerSecond,
        p50: batches.answer.p50,
        cpuUs: (batches.cpuMs * 1_000) / batches.events,
      });
    });
  },
};
