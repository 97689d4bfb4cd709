import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, installPackage, ROOT } from '../support/installed-package.ts';

const run = promisify(execFile);

/** What a bundler for browsers makes of a module. */
interface Bundle {
  /** All of it. */
  readonly code: string;
  /** The modules of packages that it is made of. */
  readonly modules: string[];
}

describe('The package', () => {
  let application: Application;
  beforeAll(async () => {
    application = await installPackage();
  });
  afterAll(() => application.remove());

  async function bundle(source: string): Promise<Bundle> {
    const entry = await application.write(`entry-${crypto.randomUUID()}.js`, source);
    const built = (await build({
      root: application.folder,
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        modulePreload: false,
        target: 'es2023',
        rolldownOptions: {
          input: entry,
          preserveEntrySignatures: 'strict',
          external: [/^react(-dom)?(\/|$)/],
        },
      },
    })) as Rolldown.RolldownOutput;
    const chunks = built.output.filter((part) => part.type === 'chunk');
    const modules = chunks
      .flatMap(({ moduleIds }) => moduleIds)
      .filter((id) => id !== entry && !id.startsWith('\0'));
    return {
      code: chunks.map(({ code }) => code.trim()).join('\n'),
      modules: modules.map((id) => id.replace(/^.*\/node_modules\//, '')).sort(),
    };
  }

  it('holds what runs, the migrations and the pages, and no sources or tests', async () => {
    const { files } = application;
    const expected =
      /^(dist\/.*\.(js|d\.ts|css|html|svg|woff2)|dist\/stream\/native\/\w+-\w+\.node|drizzle\/\d{4}_\w+\.sql|drizzle\/meta\/_journal\.json)$/;
    const besides = ['package.json', 'README.md', 'LICENSE', '.env.example'];
    expect(files.filter((file) => !expected.test(file) && !besides.includes(file))).toEqual([]);
    expect(files.filter((file) => /^dist\/web\/.*\.tsx?$|\.test\.|^dist\/(test|bench)\//.test(file))).toEqual(
      [],
    );
    const { entries } = JSON.parse(await readFile(join(ROOT, 'drizzle/meta/_journal.json'), 'utf8'));
    const wanted = [
      ...besides,
      ...['dist/main.js', 'dist/cli/main.js', 'dist/web/index.html', 'dist/react/styles.css'],
      'dist/stream/native/linux-x64.node',
      ...entries.map(({ tag }: { tag: string }) => `drizzle/${tag}.sql`),
    ];
    expect(wanted.filter((file) => !files.includes(file))).toEqual([]);
  });

  it('can be published: it is not private, and names its licence and what it is', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('private');
    expect(manifest).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      license: 'MIT',
      description: expect.any(String),
      keywords: expect.arrayContaining(['sse']),
      engines: { node: expect.any(String) },
    });
  });

  it('is found without fault by publint', async () => {
    const pkgDir = join(application.folder, 'node_modules/codecraft-live');
    const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('runs where it is installed, and finds its migrations there', async () => {
    const script = await application.write(
      'run.js',
      `import { createService, loadConfig } from 'codecraft-live';
      import { connect } from 'codecraft-live/client';
      import { useEvents } from 'codecraft-live/react';
      import { createPublisher } from 'codecraft-live/publisher';
      import { readMigrations } from './node_modules/codecraft-live/dist/db/migration-files.js';
      console.log(
        [createService, loadConfig, connect, useEvents, createPublisher].map((each) => typeof each).join(),
        readMigrations().length,
      );`,
    );
    const { stdout } = await run(process.execPath, [script]);
    const { entries } = JSON.parse(await readFile(join(ROOT, 'drizzle/meta/_journal.json'), 'utf8'));
    expect(stdout.trim()).toBe(`${Array(5).fill('function').join()} ${entries.length}`);
  });

  it('imports in each entry point only what belongs there', async () => {
    const dist = join(application.folder, 'node_modules/codecraft-live/dist');
    expect(await packagesOf(join(dist, 'publisher/index.js'))).toEqual([]);
    expect(await packagesOf(join(dist, 'client/index.js'))).toEqual(['eventsource-parser']);
    expect(await packagesOf(join(dist, 'client/reveal.js'))).toEqual([]);
    expect(await packagesOf(join(dist, 'react/index.js'))).toEqual([
      'eventsource-parser',
      'react',
      'react/jsx-runtime',
    ]);
    expect(await packagesOf(join(dist, 'index.js'))).not.toContain('react');
  });

  it('marks React’s entry point as the client’s, so that server components may import it', async () => {
    const entry = join(application.folder, 'node_modules/codecraft-live/dist/react/index.js');
    expect(await readFile(entry, 'utf8')).toMatch(/^'use client';\n/);
  });

  it('puts nothing of the server into a browser', async () => {
    const client = await bundle("export * from 'codecraft-live/client';");
    const react = await bundle("export * from 'codecraft-live/react';");
    const publisher = await bundle("export * from 'codecraft-live/publisher';");
    const foreign = (modules: string[], own: RegExp) => modules.filter((module) => !own.test(module));
    expect(
      foreign(client.modules, /^(codecraft-live\/dist\/(client|protocol|util)|eventsource-parser)\//),
    ).toEqual([]);
    expect(
      foreign(react.modules, /^(codecraft-live\/dist\/(react|client|protocol|util)|eventsource-parser)\//),
    ).toEqual([]);
    expect(foreign(publisher.modules, /^codecraft-live\/dist\/publisher\//)).toEqual([
      'codecraft-live/dist/protocol/natural-key.js',
      'codecraft-live/dist/protocol/problem-document.js',
      'codecraft-live/dist/protocol/problem-type.js',
      'codecraft-live/dist/util/backoff.js',
    ]);
    for (const { code } of [client, react, publisher])
      expect(code).not.toMatch(/node:|mysql|\bzod\b|\bhono\b|drizzle/i);
  });

  it('leaves out of a bundle what is not used', async () => {
    for (const entry of ['client', 'client/reveal', 'react', 'publisher']) {
      const unused = await bundle(`import 'codecraft-live/${entry}';`);
      expect(unused).toEqual({ code: '', modules: [] });
    }
    const hook = await bundle("export { useConnectionStatus } from 'codecraft-live/react';");
    expect(hook.modules).toContain('codecraft-live/dist/react/use-connection-status.js');
    expect(hook.modules.filter((module) => module.includes('/react/pieces/'))).toEqual([]);
  });

  it('has a client that loads less than 10 kB, compressed, beyond `eventsource-parser`', async () => {
    /** What a page loads at once that uses a module for this: in one piece, and nothing of the bundler's own. */
    async function weigh(source: string): Promise<number> {
      const entry = await application.write(`weighed-${crypto.randomUUID()}.js`, source);
      const [built] = (await build({
        root: application.folder,
        configFile: false,
        logLevel: 'silent',
        build: {
          write: false,
          target: 'es2023',
          lib: { entry, formats: ['es'] },
          rolldownOptions: { preserveEntrySignatures: 'allow-extension', output: { minify: true } },
        },
      })) as Rolldown.RolldownOutput[];
      const chunks = built?.output.filter((part) => part.type === 'chunk' && !part.isDynamicEntry) ?? [];
      expect(chunks).toHaveLength(1);
      return gzipSync((chunks[0] as Rolldown.OutputChunk).code).length;
    }
    const client = await weigh("export { connect } from 'codecraft-live/client';");
    expect(client - (await weigh("export { createParser } from 'eventsource-parser';"))).toBeLessThan(10_000);
  });
});

/** The packages that a built module imports when it runs, itself or by way of others. */
async function packagesOf(file: string, seen = new Set<string>()): Promise<string[]> {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = await readFile(file, 'utf8');
  const imports =
    /^(?:import|export)\s(?:[^;'"(=]*\sfrom\s)?['"]([^'"]+)['"];|\bimport\(['"]([^'"]+)['"]\)/gm;
  const imported = [...text.matchAll(imports)].map((match) => (match[1] ?? match[2]) as string);
  const found = await Promise.all(
    imported.map(async (name) => (name.startsWith('.') ? packagesOf(join(file, '..', name), seen) : [name])),
  );
  return [...new Set(found.flat())].sort();
}
