import { readFileSync } from 'node:fs';

/** The version in package.json, which lies one folder above both the sources and the build. */
export function readVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
