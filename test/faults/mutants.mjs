import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Errors put into a copy of the built program, each of which the checker has to report. `edits`: file, text,
 * replacement. `args`: a run that shows it.
 */
export const MUTANTS = {
  /** No error: nothing may be reported. */
  none: { edits: [], args: ['--faults', '2', '--only', 'restore of a dump while no node runs'] },
  'contiguity off': {
    edits: [
      ['log/sequence.js', 'first > this.#watermark + 1', 'false'],
      ['log/sequence.js', 'continues && (first', 'false && (first'],
      ['log/sequence.js', 'row.id === this.#watermark + 1', 'row.id > this.#watermark'],
    ],
    args: ['--faults', '2', '--only', 'client connections stalled,frozen node'],
  },
  'answered before COMMIT': {
    edits: [
      ['log/append-statement.js', "        'COMMIT',\n        FOUND,", '        FOUND,'],
      [
        'log/attempt.js',
        'const found = results.at(-1)?.[0];',
        "const found = results.at(-1)?.[0]; setTimeout(() => connection.query('COMMIT').catch(() => {}), 20);",
      ],
    ],
    args: ['--faults', '4', '--only', 'kill -9 of the database'],
  },
  'join anywhere': {
    edits: [
      ['stream/replay.js', 'stream.position === target', 'true'],
      ['channel/hub.js', 'listener.position !== this.#position', 'false'],
    ],
    args: ['--faults', '4', '--only', 'all client connections cut'],
  },
  'no id on frames': {
    edits: [['protocol/frame.js', 'return `id: ', 'return `: ']],
    args: ['--faults', '2', '--only', 'all client connections cut'],
  },
  'terms off': {
    edits: [
      ['log/terms.js', 'if (shared === undefined)', 'if (false)'],
      ['log/terms.js', 'Math.min(shared, head)', 'head'],
    ],
    args: ['--faults', '1', '--only', 'restore of a dump while no node runs and streams return late'],
  },
  'node clock for retention': {
    edits: [['log/retention.js', '(await readTime(database))', 'new Date()']],
    args: ['--faults', '1', '--only', 'clock of the leader 100 days ahead'],
  },
  'resume by the worst tail': {
    edits: [
      [
        'stream/resume.js',
        'keptClassesOf(scopes, wanted).map((keepClass) => log.tails[keepClass])',
        'Object.values(log.tails)',
      ],
    ],
    args: ['--faults', '2', '--only', 'transient rows deleted while streams are away'],
  },
  'rank shifts left out': {
    edits: [['leaderboard/step.js', 'shifts.push(shift);', '{}']],
    args: ['--faults', '1', '--only', 'client connections stalled'],
  },
  'results of two moments': {
    edits: [['leaderboard/score-snapshot.js', 'await areAllResults(tx, contestId, some)', 'true']],
    args: ['--faults', '2', '--only', 'frozen node'],
  },
  'ends of contests by the clock left out': {
    edits: [['contest/decide.js', "hasPassed('endsAt') && ORDER", 'false && ORDER']],
    args: ['--faults', '1', '--only', 'client connections stalled'],
  },
};

/** Copies the built program with an error in it, beside the dependencies of the repository. */
export function buildMutant(dist, name) {
  const mutant = MUTANTS[name];
  if (!mutant) throw new Error(`There is no mutant "${name}": ${Object.keys(MUTANTS).join(', ')}`);
  const repository = resolve(dist, '..');
  const cache = join(repository, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'faults-'));
  for (const part of ['dist', 'drizzle', 'package.json'])
    cpSync(join(repository, part), join(folder, part), { recursive: true });
  for (const [file, from, to] of mutant.edits) {
    const path = join(folder, 'dist', file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not contain: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  return { dist: join(folder, 'dist'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
