/** SQL for values as the catalogue's schemas take them, whatever the platform's columns hold. */

/** A whole number. MariaDB's JSON_OBJECT makes a string of some that were not cast; MySQL's keys show a ZEROFILL. */
export function int(value: string): string {
  return `CAST(${value} AS SIGNED)`;
}

/** A whole number if it is at least `min`, else NULL. */
export function intFrom(min: number, value: string): string {
  return `IF(${value} >= ${min}, ${int(value)}, NULL)`;
}

/** The word as it is written here, if it is one of these, else NULL. */
export function oneOf(words: readonly string[], value: string): string {
  const list = words.map((word) => `'${word}'`).join(', ');
  return `ELT(FIELD(${value}, ${list}), ${list})`;
}

/**
 * A text cut to so many UTF-16 units, which is how the catalogue counts; NULL if there is none. Characters beyond the
 * first 65,536 count two. By way of UTF-16 half surrogates, which some servers store, become question marks.
 *
 * @param variable of utf8mb4.
 */
export function text(max: number, variable: string): string {
  const head = `LEFT(${variable}, ${max})`;
  const beyond = `(LENGTH(CONVERT(${head} USING utf16)) DIV 2 - CHAR_LENGTH(${head}))`;
  const cut = `LEFT(${variable}, ${max} - ${beyond})`;
  return `IF(CHAR_LENGTH(${variable}) > 0, CONVERT(CONVERT(${cut} USING utf16) USING utf8mb4), NULL)`;
}

export const TIERS = ['BRONZE', 'SILVER', 'GOLD'] as const;
