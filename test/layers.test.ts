import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** From the top down. A file may import from its own layer and from lower ones. */
const LAYERS: readonly (readonly string[])[] = [
  ['main.ts', 'index.ts', 'cli'],
  ['greeting.ts'],
  ['service.ts', 'service', 'demo'],
  ['http'],
  ['stream', 'inbox', 'contest', 'leaderboard'],
  ['auth'],
  ['channel'],
  ['events'],
  ['log'],
  ['migrate'],
  ['platform'],
  ['db'],
  ['config.ts', 'config', 'version.ts'],
  ['protocol'],
  ['util'],
];

/** What runs elsewhere than the service: each part, and what it may import besides itself. Nothing imports it but these. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  publisher: ['protocol'],
  client: ['protocol'],
  react: ['client', 'protocol'],
  web: ['react', 'client', 'protocol'],
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] as string);
  return found.map((path) => relative(SRC, resolve(dirname(join(SRC, file)), path)));
}

const partOf = (file: string) => file.split('/')[0] as string;

function layerOf(file: string): number {
  return LAYERS.findIndex((names) => names.includes(partOf(file)));
}

function mayImport(file: string, imported: string): boolean {
  const [from, to] = [partOf(file), partOf(imported)];
  if (from in BESIDE) return to === from || (BESIDE[from]?.includes(to) ?? false);
  return imported.startsWith('..') || (!(to in BESIDE) && layerOf(imported) >= layerOf(file));
}

describe('The layers', () => {
  it('hold every file', () => {
    expect(files.filter((file) => layerOf(file) === -1 && !(partOf(file) in BESIDE))).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });

  it('import downwards only', () => {
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => !mayImport(file, imported))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(upward).toEqual([]);
  });

  it('have no circles', () => {
    const graph = new Map(files.map((file) => [file, importsOf(file)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file) || path.includes(file)) return;
      for (const imported of graph.get(file) ?? []) visit(imported, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('leave the protocol, and what runs elsewhere, free of the server', () => {
    const server = files
      .filter((file) => partOf(file) === 'protocol' || partOf(file) in BESIDE)
      .filter((file) =>
        /from '(node:|mysql2|drizzle|hono|@hono)/.test(readFileSync(join(SRC, file), 'utf8')),
      );
    expect(server).toEqual([]);
  });
});
