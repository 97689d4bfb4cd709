import { resolve } from 'node:path';
import { build, type Rolldown } from 'vite';

const CLIENT = resolve(import.meta.dirname, '../../../src/client/index.ts');

export interface ClientBundle {
  /** One script that puts the client at `window.codecraftLive`. */
  readonly script: string;
  /** The files that it was made of. */
  readonly files: readonly string[];
}

/** The client as a page would load it, whole and minified. */
export async function bundleClient(): Promise<ClientBundle> {
  const [built] = (await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      lib: { entry: CLIENT, formats: ['iife'], name: 'codecraftLive' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput[];
  const chunk = built?.output[0];
  if (chunk === undefined) throw new Error('the client was not built');
  return {
    script: `${chunk.code}\nwindow.codecraftLive = codecraftLive;`,
    files: Object.keys(chunk.modules),
  };
}
