/**
 * `node test/faults/series.mjs --minutes N [--record FILE] [-- options of run.mjs]`: runs one seed after the other, each with
 * the next set of faults, until the time is up; the run that is under way then is ended and not recorded. Appends the
 * outcomes to FILE, keeps the output of runs that found something beside it, measures latencies and a node at rest without
 * faults (`bench/across-nodes.mjs`), and prints the totals.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Time that a run takes beside its schedule, in minutes. */
const OVERHEAD = 3;
/** Time for the latencies, in minutes. */
const MEASURING = 3;
const LONGEST = 15;
const SETS = ['basic', 'further', 'history'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '30' },
    record: { type: 'string', default: resolve(import.meta.dirname, '../../.data/faults.jsonl') },
    /** The first seed; left out: the one after the greatest that is recorded. */
    seed: { type: 'string' },
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
mkdirSync(dirname(values.record), { recursive: true });
const recorded = existsSync(values.record)
  ? readFileSync(values.record, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).seed ?? 0)
  : [];
const end = Date.now() + (Number(values.minutes) - MEASURING) * 60_000;
const minutesLeft = () => (end - Date.now()) / 60_000;

let failed = 0;
for (let seed = Number(values.seed ?? Math.max(100, ...recorded) + 1); minutesLeft() > OVERHEAD; seed++) {
  const set = SETS[seed % SETS.length];
  const minutes = Math.min(LONGEST, minutesLeft() - OVERHEAD);
  const own = [
    '--seed',
    seed,
    '--set',
    set,
    '--faults',
    1_000,
    '--minutes',
    minutes,
    '--record',
    values.record,
  ];
  const { code, output } = await run([...own.map(String), ...positionals]);
  console.log(
    `seed ${seed}, ${set}: ${code === undefined ? 'ended, since the time is up' : `exit code ${code}`}`,
  );
  if (code === undefined || code === 0) continue;
  failed++;
  writeFileSync(`${values.record}.seed-${seed}.log`, output);
}
const bench = resolve(import.meta.dirname, '../../bench/across-nodes.mjs');
const measured = spawnSync(
  process.execPath,
  [bench, '1', '--record', values.record, ...positionals.filter((option) => option === '--mysql')],
  { encoding: 'utf8', timeout: 2 * MEASURING * 60_000 },
);
if (measured.status !== 0) {
  console.log(`latencies were not measured: ${measured.stderr}`);
  failed++;
}
if (existsSync(values.record))
  spawnSync(process.execPath, [resolve(import.meta.dirname, 'totals.mjs'), values.record], {
    stdio: 'inherit',
  });
process.exit(failed === 0 ? 0 : 1);

/** `code` is undefined where the time was up first. */
function run(args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [resolve(import.meta.dirname, 'run.mjs'), ...args]);
    const stop = () => child.kill('SIGTERM');
    process.once('exit', stop);
    let output = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      stop();
    }, end - Date.now());
    for (const part of [child.stdout, child.stderr])
      part.on('data', (chunk) => {
        output += chunk;
      });
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('exit', stop);
      done({ code: isLate ? undefined : code, output });
    });
  });
}
