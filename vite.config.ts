import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = resolve(import.meta.dirname, 'src/web');

/** Every `<page>.html` in `src/web` is a page of its own, served at `/<page>`. */
const pages = readdirSync(root).filter((file) => file.endsWith('.html'));

export default defineConfig({
  root,
  // The pages also work under a path, where the service is mounted into another app.
  base: './',
  plugins: [react()],
  build: {
    outDir: resolve(import.meta.dirname, 'dist/web'),
    emptyOutDir: true,
    // Whatever is written into a page is refused by its own policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages.map((page) => resolve(root, page)) },
  },
  server: {
    // `npx vite` while the service runs beside it.
    proxy: {
      '^/(streams|contests|notifications|tickets|demo|leaderboard|players)(/|\\?|$)': 'http://127.0.0.1:4400',
    },
  },
});
