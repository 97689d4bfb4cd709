import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import type { Page } from 'playwright-core';
import { build } from 'vite';

const ROOT = resolve(import.meta.dirname, '../../..');

/** A page of one component, built by Vite as an application would build it. */
export interface ReactPage {
  /** Serves the page at `/contest` of the origin, to this browser page alone. */
  serve(page: Page, props: { contestId: number; token: string }): Promise<void>;
  remove(): void;
}

/** Builds a page that shows the `ContestPage` of this source. */
export async function buildContestPage(source: string): Promise<ReactPage> {
  // Among the sources, so that its imports are resolved as those of any page of theirs.
  const folder = mkdtempSync(join(ROOT, 'test/support/page-'));
  try {
    writeFileSync(join(folder, 'contest-page.tsx'), source);
    writeFileSync(
      join(folder, 'main.tsx'),
      `import { createRoot } from 'react-dom/client';
       import { ContestPage } from './contest-page.tsx';
       const { contestId, token } = window.given;
       createRoot(document.body).render(
         <ContestPage url={location.origin} contestId={contestId} getToken={() => token} />);`,
    );
    await build({
      configFile: false,
      root: folder,
      plugins: [react()],
      logLevel: 'error',
      resolve: {
        alias: [
          { find: /^codecraft-live\/react\/styles\.css$/, replacement: join(ROOT, 'src/react/styles.css') },
          { find: /^codecraft-live\/(\w+)$/, replacement: join(ROOT, 'src/$1/index.ts') },
        ],
      },
      build: {
        cssCodeSplit: false,
        rolldownOptions: {
          input: join(folder, 'main.tsx'),
          output: { codeSplitting: false, entryFileNames: 'page.js', assetFileNames: 'page[extname]' },
        },
      },
    });
    const read = (file: string) => readFileSync(join(folder, 'dist', file));
    const files = [
      { name: 'page.js', body: read('page.js'), contentType: 'text/javascript' },
      { name: 'page.css', body: read('page.css'), contentType: 'text/css' },
    ];
    return {
      async serve(page, props) {
        const html = `<!doctype html><title>Contest</title><link rel="stylesheet" href="/page.css"><body></body>
          <script>window.given = ${JSON.stringify(props)}</script><script type="module" src="/page.js"></script>`;
        await page.route('**/contest', (route) => route.fulfill({ body: html, contentType: 'text/html' }));
        for (const { name, body, contentType } of files)
          await page.route(`**/${name}`, (route) => route.fulfill({ body, contentType }));
      },
      remove: () => rmSync(folder, { recursive: true }),
    };
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
}
