import type { Queries } from './database.ts';

/** Rights of the account of a connection, as far as it may see them. */
export interface AccountRights {
  /** Rights on one table of the database, in upper case: `SELECT`, `TRIGGER`. Those on single columns count. */
  on(table: string): ReadonlySet<string>;
  /** Whether there are no others: rights of roles are not listed everywhere. */
  readonly complete: boolean;
}

interface Grant {
  readonly rights: ReadonlySet<string>;
  readonly schema: string;
  readonly table: string;
}

/** Rights that `ALL PRIVILEGES` stands for, as far as they are asked for. */
const ALL = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRIGGER'];

/** Reads the rights of this account on the database of its session. */
export async function readAccountRights(database: Pick<Queries, 'query'>): Promise<AccountRights> {
  const [present] = await database.query<{ name: string }>('SELECT DATABASE() AS name');
  const rows = await database.query<Record<string, string>>('SHOW GRANTS');
  return parseGrants(
    rows.map((row) => Object.values(row)[0] ?? ''),
    present?.name ?? '',
  );
}

/** Reads the rows of SHOW GRANTS. `schema` is the name of the database. */
export function parseGrants(lines: readonly string[], schema: string): AccountRights {
  const grants: Grant[] = [];
  let complete = true;
  for (const line of lines) {
    const [, list, of, table] =
      /^GRANT (.+?) ON (?:TABLE )?(`(?:[^`]|``)+`|\*)\.(`(?:[^`]|``)+`|\*) TO /s.exec(line) ?? [];
    if (list !== undefined && of !== undefined && table !== undefined)
      grants.push({ rights: rightsIn(list), schema: unquoted(of), table: unquoted(table) });
    // A role whose rights may be in force, and a revocation from a part of what another line grants.
    else if (!/^GRANT (?:PROXY|EXECUTE|.+ ON (?:PROCEDURE|FUNCTION|PACKAGE))/.test(line)) complete = false;
  }
  return {
    complete,
    on(name) {
      const found = new Set<string>();
      for (const grant of grants) {
        if (grant.schema !== '*' && !isLike(schema, grant.schema, grant.table !== '*')) continue;
        if (grant.table !== '*' && grant.table.toLowerCase() !== name.toLowerCase()) continue;
        for (const right of grant.rights) found.add(right);
      }
      return found;
    },
  };
}

function rightsIn(list: string): Set<string> {
  const rights = list
    .replaceAll(/\([^)]*\)/g, '')
    .split(',')
    .map((right) => right.trim().toUpperCase());
  return new Set(rights.flatMap((right) => (/^ALL(?: PRIVILEGES)?$/.test(right) ? ALL : right)));
}

function unquoted(name: string): string {
  return name === '*' ? name : name.slice(1, -1).replaceAll('``', '`');
}

/** Whether a database is meant by the name in a grant: a pattern, unless the grant is for one table. */
function isLike(schema: string, pattern: string, exact: boolean): boolean {
  if (exact) return schema === pattern;
  const source = pattern.replaceAll(/\\?[\s\S]/g, (part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return (part.length === 2 ? part.slice(1) : part).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(schema);
}
