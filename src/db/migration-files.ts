import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';

export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
  readonly hash: string;
}

/** The same distance from `src/db` and from `dist/db`. */
const FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** The migrations of this version, oldest first. */
export function readMigrations(): Migration[] {
  const journal: { entries: { tag: string }[] } = JSON.parse(
    readFileSync(join(FOLDER, 'meta/_journal.json'), 'utf8'),
  );
  return readMigrationFiles({ migrationsFolder: FOLDER }).map(({ sql, hash }, index) => ({
    name: journal.entries[index]?.tag ?? String(index),
    statements: sql,
    hash,
  }));
}
