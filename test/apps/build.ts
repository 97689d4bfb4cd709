import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Application, installPackage, ROOT } from '../support/installed-package.ts';
import { snippetOf } from '../support/snippets.ts';

const run = promisify(execFile);

/** An application that was built from the packed tarball. */
export interface BuiltApp {
  /** What is to be served under `/app/`; `index.html` is the page. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** Builds a page that shows this contest. It is served under `/app/`, by the host that serves the API; cookies say who is there. */
export type Builder = (contestId: number) => Promise<BuiltApp>;

/** The README's page, by Vite with its defaults. */
export const buildWithVite: Builder = (contestId) => vite(contestId, undefined, 'production');

/** The same on React 18, in development: there React says what it does not know. */
export const buildWithReact18: Builder = (contestId) =>
  vite(contestId, join(ROOT, 'test/apps/react-18'), 'development');

async function vite(
  contestId: number,
  template: string | undefined,
  mode: 'production' | 'development',
): Promise<BuiltApp> {
  const app = await installPackage(template);
  await app.write('contest-page.tsx', await snippetOf('README.md', 'tsx', 'ContestPage'));
  await app.write(
    'main.tsx',
    `import { createRoot } from 'react-dom/client';
     import { ContestPage } from './contest-page.tsx';
     createRoot(document.getElementById('page')!).render(<ContestPage url="/" contestId={${contestId}} />);`,
  );
  await app.write(
    'index.html',
    pageOf('<div id="page"></div><script type="module" src="./main.tsx"></script>'),
  );
  await app.write(
    'vite.config.js',
    "import react from '@vitejs/plugin-react'; export default { plugins: [react()] };",
  );
  // As from a shell: what runs the tests has an environment that no application has.
  const { VITEST: _, ...env } = process.env;
  await run(
    process.execPath,
    [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--base', '/app/', '--mode', mode],
    { cwd: app.folder, env: { ...env, NODE_ENV: mode }, timeout: 240_000 },
  );
  return built(app, 'dist');
}

/** The README's pieces in a server component of Next. What it needs is in its own lock file, and installed for this. */
export const buildWithNext: Builder = async (contestId) => {
  const app = await installPackage(join(ROOT, 'test/apps/next'), { hoisted: false });
  await run(process.execPath, [join(app.folder, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: app.folder,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      CONTEST_ID: String(contestId),
      NEXT_TELEMETRY_DISABLED: '1',
    },
    timeout: 240_000,
  });
  return built(app, 'out');
};

/** The page of `examples/standings.html`, without a framework or a bundler: modules from the tarball, by an import map. */
export const buildBare: Builder = async (contestId) => {
  const app = await installPackage();
  const html = await readFile(join(ROOT, 'examples/standings.html'), 'utf8');
  await app.write('index.html', html.replace('const contestId = 3;', `const contestId = ${contestId};`));
  await cp(join(app.folder, 'node_modules/codecraft-live'), join(app.folder, 'codecraft-live'), {
    recursive: true,
  });
  await cp(join(ROOT, 'node_modules/eventsource-parser/dist'), join(app.folder, 'eventsource-parser'), {
    recursive: true,
  });
  return built(app, '.');
};

function built(app: Application, folder: string): BuiltApp {
  return { folder: join(app.folder, folder), remove: app.remove };
}

function pageOf(body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Contest</title>
    <meta name="viewport" content="width=device-width, initial-scale=1"></head><body>${body}</body></html>`;
}
