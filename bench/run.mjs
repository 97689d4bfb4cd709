// The service beside its peers in one interleaved run, and the ratios between them.
//   npm run bench                 five rounds, at most 20 minutes on two quiet cores; writes bench/results.json and docs/bench-*.svg
//   npm run bench -- --quick      one short round, at most two minutes; prints the stored ratios beside its own
//   npm run bench -- --only publish,streams-1000 --rounds 3      with --store: replaces those of the stored results
// Sets up all it needs and stops by itself. ARCHITECTURE.md, "Measured", says how to read what it prints.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { drawCurves } from './compare/curves.mjs';
import { buildLoad, LoadBuildError } from './compare/load-client.mjs';
import { busyCores, describeMachine } from './compare/machine.mjs';
import { Measurements } from './compare/measurements.mjs';
import { NCHAN_ABSENT, nchanPeer } from './compare/nchan.mjs';
import { DURATIONS, readOptions } from './compare/options.mjs';
import { ceilingPeer, nodePeers } from './compare/peers.mjs';
import { writeReport } from './compare/report.mjs';
import { SCENARIOS } from './compare/scenarios/all.mjs';
import { prepareService } from './compare/service.mjs';
import { merge, readStored, store } from './compare/stored.mjs';
import { printSummary } from './compare/summary.mjs';

const names = SCENARIOS.map(({ name }) => name);
const options = readOptions(process.argv.slice(2), names);
const startedAt = performance.now();
// Not in the directory for temporary files, which may be memory: commits have to reach a disk.
const parent = join(import.meta.dirname, '../.data');
await mkdir(parent, { recursive: true });
const directory = await mkdtemp(join(parent, 'bench-'));
let stopping = false;
let round = 0;
/** Scenarios that failed, by round. */
const failures = [];
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    stopping = true;
  });
try {
  const programs = await buildLoad(directory);
  const service = await prepareService(directory);
  const peers = Object.fromEntries(nodePeers().map((peer) => [peer.name, peer]));
  peers.ceiling = ceilingPeer(programs.ceiling);
  peers.nchan = nchanPeer(directory);
  if (peers.nchan === undefined) console.log(NCHAN_ABSENT);
  const bench = {
    quick: options.quick,
    programs,
    directory,
    service,
    peers,
    durations: options.quick ? DURATIONS.quick : DURATIONS.full,
    get round() {
      return round;
    },
  };
  const measurements = new Measurements();
  const busy = [];
  for (round = 1; round <= options.rounds && !stopping; round++) {
    busy.push(await busyCores());
    for (const scenario of SCENARIOS) {
      if (stopping || !options.scenarios.includes(scenario.name) || round > (scenario.maxRounds ?? round))
        continue;
      if (options.quick && scenario.inQuick === false) continue;
      await run(scenario, bench, measurements);
    }
  }
  if (!stopping) {
    const machine = await describeMachine(busy);
    const results = { machine, rounds: options.rounds, failures, ...measurements.toJSON() };
    printSummary(
      results,
      options.complete ? undefined : readStored(),
      (performance.now() - startedAt) / 1_000,
    );
    if (options.stores) {
      const kept = options.complete ? results : merge(readStored(), results);
      store(kept);
      writeReport(kept, drawCurves(kept));
    }
  }
} catch (error) {
  // The stack says nothing more where the message says what to do.
  console.error(error instanceof LoadBuildError ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}

async function run(scenario, bench, measurements) {
  const begunAt = performance.now();
  const record = (title, contender, values) => {
    measurements.add(title, contender, round, values);
    console.log(`round ${round}  ${title}  ${contender}: ${inShort(values)}`);
  };
  const point = (curve, contender, x, y) => {
    measurements.addPoint(curve, contender, x, y);
    console.log(`${curve}  ${contender}: ${x} → ${y.toPrecision(3)}`);
  };
  try {
    await scenario.run(bench, record, point);
  } catch (error) {
    failures.push(`${scenario.name}, round ${round}: ${error.message.slice(0, 300)}`);
    console.log(`round ${round}  ${scenario.name} failed: ${error.message}`);
    process.exitCode = 1;
  }
  console.log(
    `round ${round}  ${scenario.name} took ${((performance.now() - begunAt) / 1_000).toFixed(1)} s`,
  );
}

function inShort(values) {
  return Object.entries(values)
    .filter(([, value]) => typeof value === 'number')
    .map(
      ([name, value]) =>
        `${name} ${value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)}`,
    )
    .join(', ');
}
