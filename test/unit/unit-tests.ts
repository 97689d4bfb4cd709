import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { importsIn } from '../support/imports.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What opens a database, a socket, a process or a browser. A test file that reaches one of these is no unit test. */
const OUTSIDE: readonly RegExp[] = [
  /^node:(?:child_process|cluster|dgram|http|http2|https|net|tls)$/,
  /^(?:mysql2|playwright-core|eventsource|express|fastify|publint|@hono\/node-server)(?:\/|$)/,
  /^src\/(?:main|service\/service)\.ts$/,
  /^src\/cli\/program\.ts$/,
  /^src\/db\/(?:connect|database|embedded\/.*)\.ts$/,
  /^test\/support\/database\/database/,
];

/** The barrier itself, which must import what it forbids. */
const BARRIER = 'test/unit/setup.ts';

/**
 * Test files without a database, a browser, a process or a socket, as paths from the repository's root, sorted. Decided by
 * what a file imports as values, directly or through other files of `test/`. `BARRIER` enforces it at run time.
 */
export function unitTests(): string[] {
  found ??= findUnitTests();
  return found;
}

let found: string[] | undefined;

function findUnitTests(): string[] {
  return readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file}`)
    .filter((file) => reached(file) === undefined)
    .toSorted();
}

const valueImports = new Map<string, readonly string[]>();

/** Reads each file once: most test files share their fixtures. */
function valueImportsOf(file: string): readonly string[] {
  const specifiers =
    valueImports.get(file) ?? importsIn(file, readFileSync(join(ROOT, file), 'utf8'), { types: false });
  valueImports.set(file, specifiers);
  return specifiers;
}

/** The first import from `OUTSIDE` that a test file reaches; undefined for a unit test. */
export function reached(file: string, seen: Set<string> = new Set()): string | undefined {
  if (seen.has(file)) return undefined;
  seen.add(file);
  for (const specifier of valueImportsOf(file)) {
    const target = specifier.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file), specifier))
      : specifier;
    if (OUTSIDE.some((pattern) => pattern.test(target))) return target;
    const further = target.startsWith('test/') && target !== BARRIER ? reached(target, seen) : undefined;
    if (further !== undefined) return further;
  }
  return undefined;
}
