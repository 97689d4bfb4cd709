/**
 * Body of a trigger that cannot make the platform's statement fail: an error is ignored, and the remaining statements run.
 * Errors that roll back the platform's transaction are the exception: no server passes them to a handler in a trigger, and
 * if one does, they are raised again.
 *
 * @param when condition on `OLD` and `NEW` alone; most writes of the platform cost no more than this.
 * @param variables names of text variables, initially NULL.
 */
export function bodyOf(
  { when, variables = [] }: { readonly when?: string; readonly variables?: readonly string[] },
  ...statements: readonly string[]
): string {
  const work = [
    ...variables.map((name) => `DECLARE ${name} LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;`),
    ...statements,
  ].join('\n');
  const inner = `BEGIN\n${work}\nEND;`;
  return [
    'BEGIN',
    `DECLARE EXIT HANDLER FOR ${ROLLBACK_ERRORS.join(', ')} RESIGNAL;`,
    'DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;',
    // Inside the handlers: a column of the condition may have been dropped.
    when === undefined ? inner : only(when, inner),
    'END',
  ].join('\n');
}

/** Errors that roll back the transaction, or may. */
const ROLLBACK_ERRORS = [1020, 1205, 1206, 1213, 3101];

/** Statements that run under a condition. */
export function only(when: string, ...statements: readonly string[]): string {
  return `IF ${when} THEN\n${statements.join('\n')}\nEND IF;`;
}
