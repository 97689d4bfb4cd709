import type { Flavour } from '../db/database.ts';

/** `1 row`, `3 rows`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** `MariaDB 10.11.19`. */
export function serverName({ kind, version }: Flavour): string {
  return `${kind === 'mariadb' ? 'MariaDB' : 'MySQL'} ${version}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
