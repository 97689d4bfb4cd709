/** SQL that turns whatever the platform's columns hold into values that the catalogue accepts. */

/** Integer. Without the cast, MariaDB's JSON_OBJECT writes some as strings, and MySQL's CONCAT keeps a ZEROFILL. */
export function sqlInt(value: string): string {
  return `CAST(${value} AS SIGNED)`;
}

/** Integer if it is at least `min`, else NULL. */
export function sqlIntFrom(min: number, value: string): string {
  return `IF(${value} >= ${min}, ${sqlInt(value)}, NULL)`;
}

/** JSON boolean, or NULL unless it is `known`. MariaDB has no other way to write one than to read it. */
export function sqlBoolean(condition: string, known: string): string {
  return `IF(${known}, JSON_EXTRACT(IF(${condition}, 'true', 'false'), '$'), NULL)`;
}

/** The word in this spelling if it is one of `words`, else NULL. */
export function sqlOneOf(words: readonly string[], value: string): string {
  const list = words.map((word) => `'${word}'`).join(', ');
  return `ELT(FIELD(${value}, ${list}), ${list})`;
}

/**
 * Text truncated to `max` UTF-16 units, the catalogue's measure; NULL if it is empty. Characters beyond U+FFFF count two.
 * The conversion through UTF-16 turns lone surrogates, which some servers store, into question marks.
 *
 * @param variable of utf8mb4.
 */
export function sqlText(max: number, variable: string): string {
  const head = `LEFT(${variable}, ${max})`;
  const beyond = `(LENGTH(CONVERT(${head} USING utf16)) DIV 2 - CHAR_LENGTH(${head}))`;
  const cut = `LEFT(${variable}, ${max} - ${beyond})`;
  return `IF(CHAR_LENGTH(${variable}) > 0, CONVERT(CONVERT(${cut} USING utf16) USING utf8mb4), NULL)`;
}
