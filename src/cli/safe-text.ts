/** Control characters (C0, C1), and those that turn the direction of what follows. */
const DANGEROUS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;

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

/** A value as JSON on one line, in which also those controls are escaped that JSON leaves as they are. */
export function safeJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(DANGEROUS, escaped);
}
