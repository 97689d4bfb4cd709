// Prints what the client weighs in a page: bundled and minified as Vite does it, then compressed.
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '..');
const ENTRY = resolve(root, 'entry.js');

/** Bytes of a page that uses `names` of a module, gzipped: what it loads at once, and what it loads when asked for. */
async function weigh(names, module) {
  const [{ output }] = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) =>
          id === ENTRY ? `import { ${names} } from '${module}'; globalThis.used = [${names}];` : undefined,
      },
    ],
    build: {
      write: false,
      target: 'es2023',
      // As a library, so that nothing of Vite's own is weighed; and as a page has it, what is loaded at once in one piece.
      lib: { entry: ENTRY, formats: ['es'] },
      rolldownOptions: { preserveEntrySignatures: 'allow-extension', output: { minify: true } },
    },
  });
  const size = (chunks) => chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  const later = (name) => size(output.filter((chunk) => chunk.isDynamicEntry && chunk.name === name));
  return { atOnce: size(output.filter((chunk) => !chunk.isDynamicEntry)), later };
}

const client = `${root}/src/client/index.ts`;
const kB = (bytes) => `${(bytes / 1000).toFixed(2)} kB`;
const parser = await weigh('createParser', 'eventsource-parser');
const alone = await weigh('connect', client);
const board = await weigh('connect, createBoard', client);

console.log(
  `The client in a page, gzipped: ${kB(alone.atOnce - parser.atOnce)} beyond eventsource-parser's ${kB(parser.atOnce)}; ` +
    `createBoard ${kB(board.atOnce - alone.atOnce)}; loaded when asked for: ` +
    `EventSource ${kB(alone.later('event-source-transport'))}, sharing ${kB(alone.later('shared-link'))}.`,
);
