/** What ends or changes a literal in single quotes. A double quote does not, of which JSON has many. */
const SPECIAL = /[\0'\\]/g;

/** SQL literal of a text, for statements that are too large for the driver's placeholders. Relies on backslash escapes. */
export function quote(text: string): string {
  return `'${text.replace(SPECIAL, escapeCharacter)}'`;
}

function escapeCharacter(character: string): string {
  return character === '\0' ? '\\0' : `\\${character}`;
}
