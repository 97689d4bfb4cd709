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
      // As a library, so that nothing of Vite's own is weighed.
      lib: { entry: ENTRY, formats: ['es'] },
      rolldownOptions: { output: { minify: true } },
    },
  });
  const size = (chunks) => chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  const later = output.filter((chunk) => chunk.isDynamicEntry);
  return { atOnce: size(output.filter((chunk) => !later.includes(chunk))), later: size(later) };
}

const client = `${root}/src/client/index.ts`;
const kib = (bytes) => `${(bytes / 1024).toFixed(2)} KiB`;
const parser = await weigh('createParser', 'eventsource-parser');
const whole = await weigh('EventSource', 'eventsource');
const alone = await weigh('connect', client);
const board = await weigh('connect, createBoard', client);

console.log(
  `connect                    ${kib(alone.atOnce)}, of which eventsource-parser ${kib(parser.atOnce)}`,
);
console.log(`connect and createBoard    ${kib(board.atOnce)}`);
console.log(`sharing between tabs       ${kib(alone.later)} more, loaded when it is asked for`);
console.log(`(eventsource, which it does without: ${kib(whole.atOnce)})`);
