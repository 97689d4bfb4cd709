import { Connection } from 'mysql2';

/** Internals of mysql2 that every statement passes. */
interface Core {
  readonly config: { readonly user?: string };
  addCommand(command: { readonly sql?: string }): unknown;
}

/**
 * Records what connections of an account send from now on, with the values in their places. Packets of several statements
 * are split.
 *
 * @returns the statements by their text without values, each with a few of its instances, in the order of their first use
 */
export function recordStatements(user: string): {
  readonly statements: ReadonlyMap<string, readonly string[]>;
  stop(): void;
} {
  const statements = new Map<string, string[]>();
  const core = Connection.prototype as unknown as Core;
  const { addCommand } = core;
  core.addCommand = function (this: Core, command) {
    if (this.config.user === user && command.sql !== undefined)
      for (const statement of splitStatements(command.sql)) {
        const shape = shapeOf(statement);
        const instances = statements.get(shape) ?? [];
        statements.set(shape, instances);
        if (instances.length < MAX_INSTANCES && !instances.includes(statement)) instances.push(statement);
      }
    return addCommand.call(this, command);
  };
  return {
    statements,
    stop() {
      core.addCommand = addCommand;
    },
  };
}

/** Max instances of a statement that are kept. */
const MAX_INSTANCES = 4;

const QUOTED = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/gs;

function splitStatements(packet: string): string[] {
  const parts = packet.match(/'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|;|[^;'"`]+/gs) ?? [];
  const statements = [''];
  for (const part of parts)
    if (part === ';') statements.push('');
    else statements[statements.length - 1] += part;
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/** A statement without its values; lists of any length are the same. */
function shapeOf(statement: string): string {
  return statement
    .replace(QUOTED, '?')
    .replace(/\b(?:x\?|\d+(?:\.\d+)?)\b/g, '?')
    .replace(/-\?/g, '?')
    .replace(/\?(?:\s*,\s*\?)+/g, '?')
    .replace(/\(\?\)(?:\s*,\s*\(\?\))+/g, '(?)')
    .replace(/\s+/g, ' ');
}
