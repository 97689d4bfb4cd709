// The service as a library: publishers in its process, each of which waits for its answer before it publishes again.
//   node bench/compare/in-process-publishers.mjs PUBLISHERS WARM-UP SECONDS
// Prints `{ perSecond, p50, p99, cpuUs }`: durations of answers in ms, CPU of this process for each event.
import { createService, loadConfig } from '../../dist/index.js';
import { CONTEST } from './wire.mjs';

const [publishers, warmUpS, seconds] = process.argv.slice(2).map(Number);

const service = await createService(loadConfig(process.env));
const event = { type: 'ANNOUNCEMENT', data: { contestId: CONTEST, title: 'bench', message: 'xxxxxxxx' } };
let measuring = false;
let stopped = false;
const durations = [];
const publishing = Promise.all(
  Array.from({ length: publishers }, async () => {
    while (!stopped) {
      const begunAt = performance.now();
      await service.publisher.publish(event);
      if (measuring) durations.push(performance.now() - begunAt);
    }
  }),
);
await new Promise((resolve) => setTimeout(resolve, warmUpS * 1_000));
const cpuBefore = process.cpuUsage();
const begunAt = performance.now();
measuring = true;
await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
measuring = false;
stopped = true;
const took = performance.now() - begunAt;
const cpu = process.cpuUsage(cpuBefore);
await publishing;
await service.close();
durations.sort((one, other) => one - other);
const at = (part) => durations[Math.min(durations.length - 1, Math.floor(durations.length * part))];
process.stdout.write(
  JSON.stringify({
    perSecond: (durations.length / took) * 1_000,
    p50: at(0.5),
    p99: at(0.99),
    cpuUs: (cpu.user + cpu.system) / durations.length,
  }),
);
