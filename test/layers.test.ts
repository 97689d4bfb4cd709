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
  ['stream', 'inbox', 'contest'],
  ['auth'],
  ['channel'],
  ['log'],
  ['db'],
  ['config.ts', 'config', 'version.ts'],
  ['protocol'],
];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] as string);
  return found.map((path) => relative(SRC, resolve(dirname(join(SRC, file)), path)));
}

function layerOf(file: string): number {
  const top = file.split('/')[0] as string;
  return LAYERS.findIndex((names) => names.includes(top));
}

describe('The layers', () => {
  it('hold every file', () => {
    expect(files.filter((file) => layerOf(file) === -1)).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });

  it('import downwards only', () => {
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => layerOf(imported) < layerOf(file) && !imported.startsWith('..'))
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

  it('leave the protocol free of the server', () => {
    const server = files
      .filter((file) => file.startsWith('protocol/'))
      .filter((file) =>
        /from '(node:|mysql2|drizzle|hono|@hono)/.test(readFileSync(join(SRC, file), 'utf8')),
      );
    expect(server).toEqual([]);
  });
});
