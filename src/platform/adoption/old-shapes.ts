import type { Connection, RowDataPacket } from 'mysql2/promise';

/** Parameter of an old procedure. */
export interface OldParameter {
  readonly mode: 'IN' | 'OUT' | 'INOUT';
  readonly name: string;
  /** As the server spells it: `varchar(50)`. */
  readonly type: string;
}

/** What callers of an old view or procedure depend on. */
export type OldShape =
  | { readonly parameters: readonly OldParameter[] }
  /** Names, in lower case. */
  | { readonly columns: readonly string[] };

/** Reads the columns of a view or table, in lower case; none where it does not exist. */
export async function readColumnNames(connection: Connection, name: string): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT LOWER(COLUMN_NAME) AS name FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [name],
  );
  return rows.map((row) => row.name);
}

/** Reads the parameters of a procedure; none where the account may not see them. */
export async function readParameters(connection: Connection, name: string): Promise<OldParameter[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT PARAMETER_MODE AS mode, PARAMETER_NAME AS name, DTD_IDENTIFIER AS type FROM information_schema.PARAMETERS
      WHERE SPECIFIC_SCHEMA = DATABASE() AND SPECIFIC_NAME = ? AND ROUTINE_TYPE = 'PROCEDURE'
      ORDER BY ORDINAL_POSITION`,
    [name],
  );
  return rows.map((row) => ({ mode: row.mode, name: row.name, type: String(row.type) }));
}

/**
 * Reads the shape of a definition from its text, where an earlier release kept nothing else: of a view, the alias of each
 * column, as servers write them; of a procedure, its list of parameters.
 */
export function shapeFromText(kind: 'view' | 'procedure', text: string): OldShape {
  if (kind === 'view') {
    const [list = ''] = text.split(/\sfrom\s/i);
    return { columns: [...list.matchAll(/ as `([^`]+)`/gi)].map(([, name = '']) => name.toLowerCase()) };
  }
  const parameters = partsOf(listOf(text)).flatMap((part): OldParameter[] => {
    const [, mode = 'IN', quoted, plain, type = ''] =
      /^\s*(?:(IN|OUT|INOUT)\s+)?(?:`([^`]+)`|([\w$]+))\s+(.*?)\s*$/is.exec(part) ?? [];
    const name = quoted ?? plain;
    return name === undefined ? [] : [{ mode: mode.toUpperCase() as OldParameter['mode'], name, type }];
  });
  return { parameters };
}

/** The text between the first parenthesis after a procedure's name and the one that closes it. */
function listOf(text: string): string {
  const start = /\bPROCEDURE\s+(?:`[^`]*`|[\w$]+)(?:\.(?:`[^`]*`|[\w$]+))?\s*\(/i.exec(text);
  if (start === null) return '';
  const from = start.index + start[0].length;
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    if (depth === 0) return text.slice(from, at);
  }
  return '';
}

/** Splits at commas that are in no parentheses: `decimal(10,2)` is one part. */
function partsOf(list: string): string[] {
  return list.split(/,(?![^(]*\))/).filter((part) => part.trim() !== '');
}
