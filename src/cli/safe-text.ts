/** Control characters (C0, C1), and characters that change the direction of text. */
const DANGEROUS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;

/**
 * Makes foreign text safe for a terminal: on one line, and without characters that a terminal interprets.
 */
export function safeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')
    .replace(/\t/g, ' ')
    .replace(DANGEROUS, '\ufffd');
}

/** Makes several lines safe for a terminal; keeps line ends and indentation. */
export function safeLines(text: string): string {
  return text.split(/\r?\n/).map(safeText).join('\n');
}

/** Colour sequences, as `paint` writes them, or single characters that a terminal interprets. */
const CONTROLS = new RegExp(`\\u001b\\[[\\d;]*m|(?![\\n\\t])${DANGEROUS.source}`, 'gu');

/** Removes what a terminal interprets from any output, except colours: the last line of defence behind `safeText`. */
export function withoutControls(text: string, hasColours: boolean): string {
  return text.replace(CONTROLS, (found) => (hasColours && found.length > 1 ? found : '\ufffd'));
}

/** Serialises a value as JSON on one line, and escapes the control characters that JSON leaves as they are. */
export function safeJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(DANGEROUS, escaped);
}
