import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

const README = resolve(import.meta.dirname, '../../README.md');

/** The first block of code in the README that is in `language` and holds `words`. */
export async function readmeSnippet(language: string, words: string): Promise<string> {
  const blocks = (await readFile(README, 'utf8')).matchAll(/^```(\w+)\n(.*?)^```/gms);
  for (const [, of, text] of blocks) if (of === language && text?.includes(words)) return text;
  throw new Error(`the README has no ${language} with ${words}`);
}

/** Runs the lines of a snippet, without its imports, with these names in reach. */
export async function runSnippet(snippet: string, names: Readonly<Record<string, unknown>>): Promise<void> {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const program = new AsyncFunction(...Object.keys(names), snippet.replace(/^import .*$/gm, ''));
  await program(...Object.values(names));
}
