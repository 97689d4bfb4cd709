import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Errors put into a copy of the built program, each of which the checker has to report: file, text, replacement. */
export const MUTANTS = {
  'contiguity off': [
    ['log/sequence.js', 'first > this.#watermark + 1', 'false'],
    ['log/sequence.js', 'row.id === this.#watermark + 1', 'row.id > this.#watermark'],
  ],
  'answered before COMMIT': [
    ['log/append-statement.js', "        'COMMIT',\n        FOUND,", '        FOUND,'],
    [
      'log/attempt.js',
      'const found = results.at(-1)?.[0];',
      "const found = results.at(-1)?.[0]; setTimeout(() => connection.query('COMMIT').catch(() => {}), 20);",
    ],
  ],
  'join anywhere': [['stream/replay.js', 'stream.position === target', 'true']],
  'no id on frames': [['protocol/frame.js', 'return `id: ', 'return `: ']],
  'terms off': [
    ['log/terms.js', 'if (shared === undefined)', 'if (false)'],
    ['log/terms.js', 'Math.min(shared, head)', 'head'],
  ],
  'resume by the worst tail': [
    [
      'stream/resume.js',
      'keptClassesOf(scopes, wanted).map((keepClass) => log.tails[keepClass])',
      'Object.values(log.tails)',
    ],
  ],
};

/** Copies the built program with an error in it, beside the dependencies of the repository. */
export function buildMutant(dist, name) {
  const edits = MUTANTS[name];
  if (!edits) throw new Error(`There is no mutant "${name}": ${Object.keys(MUTANTS).join(', ')}`);
  const repository = resolve(dist, '..');
  const cache = join(repository, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'faults-'));
  for (const part of ['dist', 'drizzle', 'package.json'])
    cpSync(join(repository, part), join(folder, part), { recursive: true });
  for (const [file, from, to] of edits) {
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
