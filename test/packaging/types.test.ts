import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Application, installPackage, ROOT } from '../support/installed-package.ts';

const TSC = join(ROOT, 'node_modules/.bin/tsc');
const ENTRIES = ['index', 'client/index', 'client/reveal', 'react/index', 'publisher/index'];
const run = promisify(execFile);

/** What an application of the strictest settings does with each entry. */
const CONSUMER = `
import { createService, loadConfig, Problem, type Published, type Publisher as InProcess } from 'codecraft-live';
import { connect, type LiveClient } from 'codecraft-live/client';
import { createReveal } from 'codecraft-live/client/reveal';
import { Leaderboard, LiveProvider, useEvents } from 'codecraft-live/react';
import { createPublisher, type Publisher } from 'codecraft-live/publisher';

export const uses = [createService, loadConfig, Problem, useEvents, Leaderboard, LiveProvider];

export const client: LiveClient = connect({ url: 'http://127.0.0.1', scopes: ['player:me'] });
client.on('level-up', ({ data, at }) => [data.newLevel.toFixed(), at.length]);
// @ts-expect-error there is no such event
client.on('level-down', () => {});

createReveal(client.api, 3).take({ step: 1, extent: 'row' }).then(({ row, freezeNo }) => [row?.rank, freezeNo]);
// @ts-expect-error a step is a cell, a row or all
createReveal(client.api, 3).take({ step: 1, extent: 'half' });

export const live: Publisher = createPublisher({ url: 'http://127.0.0.1', token: async () => '' });
live.playerLevelUp({ playerId: 7, oldLevel: 1, newLevel: 2 });
// @ts-expect-error the level is no text
live.playerLevelUp({ playerId: 7, oldLevel: 1, newLevel: '2' });
// @ts-expect-error there is no such method
live.playerLevelDown({});

export async function inProcess(publisher: InProcess): Promise<readonly Published[]> {
  // @ts-expect-error the level is no text
  await publisher.publish({ type: 'LEVEL_UP', data: { playerId: 7, oldLevel: 1, newLevel: '2' } });
  // @ts-expect-error only the service itself publishes leaderboards
  await publisher.publish({ type: 'GLOBAL_LEADERBOARD', data: { version: 1, top: [] } });
  return publisher.publish({ type: 'LEVEL_UP', data: { playerId: 7, oldLevel: 1, newLevel: 2 } });
}
`;

describe('The types of the package', () => {
  let application: Application;
  let installed: string;
  beforeAll(async () => {
    application = await installPackage();
    installed = join(application.folder, 'node_modules/codecraft-live');
    await application.write('consumer.ts', CONSUMER);
  });
  afterAll(() => application.remove());

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])(
    'are without an error under the strictest settings (module %s, resolution %s)',
    async (module, moduleResolution) => {
      const project = await application.write(
        `tsconfig.${moduleResolution}.json`,
        JSON.stringify({
          compilerOptions: {
            module,
            moduleResolution,
            target: 'es2023',
            lib: ['es2023', 'dom', 'dom.iterable'],
            strict: true,
            exactOptionalPropertyTypes: true,
            noUncheckedIndexedAccess: true,
            skipLibCheck: false,
            noEmit: true,
            types: ['node'],
          },
          files: ['consumer.ts'],
        }),
      );
      const { stdout, code = 0 } = await run(TSC, ['-p', project, '--pretty', 'false'], {
        cwd: application.folder,
      }).catch((error) => error);
      const errors = (stdout as string).split('\n').filter((line) => /\berror TS/.test(line));
      // The first few say where they come from; there may be hundreds.
      expect(errors.slice(0, 5)).toEqual([]);
      expect(code).toBe(0);
    },
    120_000,
  );

  it('need no package but the declared dependencies, and none of the database', () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    );
    const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
    const needed = new Set(ENTRIES.flatMap((entry) => packagesOf(join(installed, 'dist', `${entry}.d.ts`))));
    expect([...needed].filter((name) => !declared.has(name) && !name.startsWith('node:'))).toEqual([]);
    expect([...needed]).not.toContain('drizzle-orm');
    expect([...needed]).not.toContain('mysql2');
  });
});

/** The packages that a declaration file imports, itself or by way of others. */
function packagesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(
    /\bfrom\s+['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/g,
  );
  return [...imports].flatMap((match) => {
    const name = (match[1] ?? match[2]) as string;
    if (!name.startsWith('.'))
      return [
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ];
    const path = join(file, '..', name).replace(/\.(tsx?|js)$/, '.d.ts');
    if (!existsSync(path)) throw new Error(`${file} imports ${name}, which is not packed`);
    return packagesOf(path, seen);
  });
}
