/** Control characters (C0, C1), and those that turn the direction of what follows. */
const DANGEROUS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;

/**
 * Somebody else's text, safe to be shown in a terminal: on one line, and without anything that a terminal would obey.
 */
export function safeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')
    .replace(/\t/g, ' ')
    .replace(DANGEROUS, '\ufffd');
}

/** Lines of which not every part went through `safeText`: they keep their ends, and their indentation. */
export function safeLines(text: string): string {
  return text.split(/\r?\n/).map(safeText).join('\n');
}

/** Colours, as `paint` writes them, or a single character that a terminal would obey. */
const OBEYED = new RegExp(`\\u001b\\[[\\d;]*m|(?![\\n\\t])${DANGEROUS.source}`, 'gu');

/** What goes to a terminal, last of all: whatever was forgotten on the way, it can do no more than colour. */
export function withoutControls(text: string, hasColours: boolean): string {
  return text.replace(OBEYED, (found) => (hasColours && found.length > 1 ? found : '\ufffd'));
}

/** A value as JSON on one line, in which also those controls are escaped that JSON leaves as they are. */
export function safeJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(DANGEROUS, escaped);
}
