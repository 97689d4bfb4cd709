import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsIn } from './support/imports.ts';

const SRC = resolve(import.meta.dirname, '../src');

/** Rooms of the service from the top down. A room imports from itself, from others of its line, and from lower lines. */
const ROOMS: readonly (readonly string[])[] = [
  ['main', 'index', 'cli'],
  ['greeting'],
  ['service', 'demo'],
  ['http'],
  ['session'],
  ['clics'],
  ['stream', 'inbox', 'contest', 'leaderboard'],
  ['auth'],
  ['channel'],
  ['events'],
  ['log'],
  ['migrate'],
  ['platform'],
  ['db'],
  ['config', 'version', 'backplane'],
  ['protocol'],
  ['util'],
];

/** Rooms that run elsewhere than the service, with what each may import besides itself. No other room imports them. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  publisher: ['protocol', 'util'],
  client: ['protocol', 'util'],
  react: ['client', 'protocol', 'util'],
  web: ['react', 'client', 'protocol', 'util'],
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
const imports = new Map(files.map((file) => [file, importsIn(file, readFileSync(join(SRC, file), 'utf8'))]));
const graph = new Map(
  [...imports].map(([file, all]) => [file, all.flatMap((path) => fileOf(file, path) ?? [])]),
);

/** The file within `src` that a relative import names; undefined for packages, and for what lies elsewhere. */
function fileOf(file: string, path: string): string | undefined {
  if (!path.startsWith('.')) return undefined;
  const found = relative(SRC, resolve(dirname(join(SRC, file)), path));
  return found.startsWith('..') ? undefined : found;
}

/** A file's room: its folder in `src`, or its own name. `config.ts` belongs to the room `config`. */
const roomOf = (file: string) => (file.split('/')[0] as string).replace(/\.tsx?$/, '');
const lineOf = (room: string) => ROOMS.findIndex((rooms) => rooms.includes(room));

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from in BESIDE) return BESIDE[from]?.includes(to) ?? false;
  return !(to in BESIDE) && lineOf(to) >= lineOf(from);
}

/** Circles of a graph, each as `a → b → a`. */
function circlesIn(edges: ReadonlyMap<string, Iterable<string>>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (node: string, path: readonly string[]) => {
    if (path.includes(node)) circles.push([...path.slice(path.indexOf(node)), node].join(' → '));
    if (done.has(node) || path.includes(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return circles;
}

/** The same graph between the groups of files that `groupOf` makes. */
function grouped(groupOf: (file: string) => string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const [file, imported] of graph) {
    const from = groupOf(file);
    const to = edges.get(from) ?? new Set();
    for (const one of imported) if (groupOf(one) !== from) to.add(groupOf(one));
    edges.set(from, to);
  }
  return edges;
}

describe('The rooms', () => {
  it('hold every file', () => {
    expect(files.filter((file) => lineOf(roomOf(file)) === -1 && !(roomOf(file) in BESIDE))).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });

  it('import downwards only', () => {
    const upward = [...graph].flatMap(([file, imported]) =>
      imported.filter((one) => !mayImport(roomOf(file), roomOf(one))).map((one) => `${file} imports ${one}`),
    );
    expect(upward).toEqual([]);
  });

  it('keep the pages of `web` apart: each imports itself and `shared`', () => {
    const pageOf = (file: string) => file.split('/')[1] as string;
    const across = [...graph].flatMap(([file, imported]) =>
      imported
        .filter((one) => [file, one].every((path) => roomOf(path) === 'web'))
        .filter((one) => ![pageOf(file), 'shared', 'styles'].includes(pageOf(one)))
        .map((one) => `${file} imports ${one}`),
    );
    expect(across).toEqual([]);
  });

  it('have no circles of files', () => {
    expect(circlesIn(graph)).toEqual([]);
  });

  it('have no circles of rooms', () => {
    expect(circlesIn(grouped(roomOf))).toEqual([]);
  });

  it('leave the protocol, and what runs elsewhere, free of the server', () => {
    const server = [...imports].flatMap(([file, all]) =>
      roomOf(file) === 'protocol' || roomOf(file) === 'util' || roomOf(file) in BESIDE
        ? all
            .filter((path) => /^(?:node:|mysql2|drizzle|hono|@hono)/.test(path))
            .map((path) => `${file} imports ${path}`)
        : [],
    );
    expect(server).toEqual([]);
  });
});

it('Imports of every form are found', () => {
  const text = `
    import a, { type B } from './static.ts';
    import type { C } from "./type.ts";
    import './effect.css';
    export * from './all.ts';
    export { type D } from './some.ts';
    const later = await import('./dynamic.ts');
    type E = import('./inline-type.ts').E;
    const text = "import x from './text.ts'"; // import './comment.ts'
  `;
  expect(importsIn('some.ts', text).toSorted()).toEqual(
    ['all', 'dynamic', 'inline-type', 'some', 'static', 'type']
      .map((name) => `./${name}.ts`)
      .toSpliced(2, 0, './effect.css'),
  );
});

it('A circle is found, whatever leads into it', () => {
  expect(
    circlesIn(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
  ).toEqual(['b → c → b']);
});
