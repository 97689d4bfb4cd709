/**
 * The body of a trigger that can not make the platform's statement fail: whatever goes wrong in it is passed over, and
 * the rest still runs. A deadlock and a lock wait that took too long are the exception, since they undo what the
 * platform did. The server gives neither to a trigger's handler, and should one ever do so, it is handed on.
 *
 * @param when what must be so for anything to happen, of `OLD` and `NEW` alone: it is all that most writes cost.
 * @param variables names of texts, NULL at first.
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
    `DECLARE EXIT HANDLER FOR ${UNDOING.join(', ')} RESIGNAL;`,
    'DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;',
    // Within the handlers: the column that it asks for may be gone.
    when === undefined ? inner : only(when, inner),
    'END',
  ].join('\n');
}

/** Errors after which the server has undone the transaction, or may have: 1020, 1205, 1206, 1213, 3101. */
const UNDOING = [1020, 1205, 1206, 1213, 3101];

/** Statements that run under a condition. */
export function only(when: string, ...statements: readonly string[]): string {
  return `IF ${when} THEN\n${statements.join('\n')}\nEND IF;`;
}
