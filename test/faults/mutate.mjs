/**
 * `npm run faults:mutate [-- NAME…]`: runs each mutant, and says what the checker reported. The exit code is 0 if it
 * reported every one, and nothing of the program without an error.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { MUTANTS } from './mutants.mjs';

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(MUTANTS);
const run = resolve(import.meta.dirname, 'run.mjs');
let wrong = 0;
for (const name of names) {
  const load = ['--nodes', '2', '--readers', '12', '--viewers', '4', '--publishers', '2', '--pause', '100'];
  const args = ['--mutate', name, '--seed', '5', '--limit', '60000', ...load, ...MUTANTS[name].args];
  const { status, stdout, stderr } = spawnSync(process.execPath, [run, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const found = stdout.match(/^\w+: [1-9]\d*$/gm) ?? [];
  const seen = found.length > 0;
  if (seen !== (name !== 'none') || (status === 0) === seen) wrong++;
  const ended = stdout.includes('| fault |');
  console.log(`| ${name} | ${found.join(', ') || (ended ? 'nothing' : 'the run did not end')} |`);
  if (!ended) console.log(stderr.slice(-2_000));
}
process.exit(wrong === 0 ? 0 : 1);
