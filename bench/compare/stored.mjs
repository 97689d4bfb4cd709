// The results of the last full run, or of parts of one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '../results.json');

/** Undefined where no full run was stored. */
export function readStored() {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : undefined;
}

export function store(results) {
  const rounded = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);
  writeFileSync(FILE, `${JSON.stringify(results, rounded, 2)}\n`);
}

/**
 * Stored results with those of a part of the scenarios in their place. A title is replaced whole, so that no ratio is between two runs.
 * The machine is that of the latter.
 */
export function merge(stored, results) {
  const { curves } = results;
  return {
    ...results,
    merged: true,
    values: { ...stored?.values, ...results.values },
    curves: curves.length > 0 ? curves : (stored?.curves ?? []),
  };
}
