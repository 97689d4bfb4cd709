import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { exportedNames } from './support/imports.ts';

const SRC = resolve(import.meta.dirname, '../src');

it('An exported name exists once in `src`', () => {
  const places = new Map<string, string[]>();
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  ))
    for (const name of exportedNames(file, readFileSync(join(SRC, file), 'utf8')))
      places.set(name, [...(places.get(name) ?? []), file]);
  expect(places.size).toBeGreaterThan(500);
  const twice = [...places].filter(([, files]) => files.length > 1);
  expect(twice.map(([name, files]) => `${name}: ${files.join(', ')}`)).toEqual([]);
});

it('Exports of every form are found, and what is re-exported is not', () => {
  const text = `
    export const { first, second: renamed } = object;
    export function third() {}
    export class Fourth {}
    export interface Fifth {}
    export type Sixth = string;
    const inner = 1;
    export { inner as seventh };
    export { elsewhere } from './elsewhere.ts';
    export * from './all.ts';
  `;
  expect(exportedNames('some.ts', text).toSorted()).toEqual(
    ['first', 'renamed', 'third', 'Fourth', 'Fifth', 'Sixth', 'seventh'].toSorted(),
  );
});
