/** A condition with `?` placeholders, and their values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** MariaDB turns a longer list (`in_predicate_conversion_threshold`) into a table to join, and reads whole indexes. */
const LIST = 500;

/** That a column holds one of many values, such that an index on it is read in ranges however many they are. */
export function anyOf(column: string, values: readonly (string | number)[]): Condition {
  if (values.length === 0) return { sql: 'FALSE', values: [] };
  const lists: (readonly (string | number)[])[] = [];
  for (let at = 0; at < values.length; at += LIST) lists.push(values.slice(at, at + LIST));
  return { sql: `(${lists.map(() => `${column} IN (?)`).join(' OR ')})`, values: lists };
}
