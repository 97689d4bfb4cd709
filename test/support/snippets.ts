import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The first block of code of a document that is in `language` and contains `words`. */
export async function snippetOf(document: string, language: string, words: string): Promise<string> {
  const blocks = (await readFile(join(ROOT, document), 'utf8')).matchAll(/^```(\w+)\n(.*?)^```/gms);
  for (const [, of, text] of blocks) if (of === language && text?.includes(words)) return text;
  throw new Error(`${document} has no ${language} with ${words}`);
}

/** Runs the lines of a snippet, without its imports, with these names in reach. */
export async function runSnippet(snippet: string, names: Readonly<Record<string, unknown>>): Promise<void> {
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const program = new AsyncFunction(...Object.keys(names), snippet.replace(/^import .*$/gm, ''));
  await program(...Object.values(names));
}
