import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';

/** Numbered migration of our schema. */
export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
  readonly hash: string;
}

/** Equally far from `src/db` and from `dist/db`. */
const FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** Reads the migrations of this version, oldest first. */
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
