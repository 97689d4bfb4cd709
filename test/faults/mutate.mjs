/**
 * `npm run faults:mutate [-- NAME…]`: runs each mutant, and says what the checker reported. The exit code is 0 if it
 * reported every one.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { MUTANTS } from './mutants.mjs';

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(MUTANTS);
const run = resolve(import.meta.dirname, 'run.mjs');
let unseen = 0;
for (const name of names) {
  const args = ['--mutate', name, '--seed', '5', '--nodes', '2', '--readers', '20', ...MUTANTS[name].args];
  const { status, stdout, stderr } = spawnSync(process.execPath, [run, ...args, '--limit', '60000'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const found = stdout.match(/^\w+: [1-9]\d*$/gm) ?? [];
  const seen = found.length > 0 || /Seed \d+: not within/.test(stderr);
  if (!seen || status === 0) unseen++;
  console.log(`| ${name} | ${seen ? found.join(', ') || 'a stream waits for ever' : 'NOT REPORTED'} |`);
  if (!seen) console.log(stderr.slice(-2_000));
}
process.exit(unseen === 0 ? 0 : 1);
