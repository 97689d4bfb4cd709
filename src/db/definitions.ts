import type { Queries } from './database.ts';
import { errnoOf } from './errors.ts';
import { readMigrations } from './migration-files.ts';

/** A procedure or a view that the migrations create. */
export interface StoredDefinition {
  readonly kind: 'procedure' | 'view';
  readonly name: string;
  /** The last statement that creates it. */
  readonly sql: string;
  /** Name of the migration with that statement. */
  readonly migration: string;
}

const CREATES = /^CREATE (?:OR REPLACE )?(?:SQL SECURITY INVOKER )?(PROCEDURE|VIEW) `(\w+)`/m;
const DROPS = /^DROP (PROCEDURE|VIEW) (?:IF EXISTS )?`(\w+)`/m;

const NO_SUCH = { procedure: 1305, view: 1146 } as const;

/** Lists the procedures and views of this version's schema. */
export function listDefinitions(): StoredDefinition[] {
  const found = new Map<string, StoredDefinition>();
  for (const { name: migration, statements } of readMigrations())
    for (const sql of statements) {
      const [, kind, name] = CREATES.exec(sql) ?? [];
      const [, , dropped] = DROPS.exec(sql) ?? [];
      if (kind !== undefined && name !== undefined)
        found.set(name, { kind: kind === 'VIEW' ? 'view' : 'procedure', name, sql, migration });
      else if (dropped !== undefined) found.delete(dropped);
    }
  return [...found.values()];
}

/**
 * Finds the procedures and views that are gone, as after a dump without them. What this account may not use is not judged.
 * A call without arguments runs nothing: it fails on their number where the procedure exists.
 */
export async function findLostDefinitions(database: Pick<Queries, 'query'>): Promise<StoredDefinition[]> {
  const lost: StoredDefinition[] = [];
  for (const definition of listDefinitions()) {
    const { kind, name } = definition;
    const sql = kind === 'procedure' ? `CALL ${name}()` : `SELECT 1 FROM ${name} LIMIT 0`;
    await database.query(sql).catch((error: unknown) => {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      if (errno === NO_SUCH[kind]) lost.push(definition);
    });
  }
  return lost;
}
