/** Characters that a browser obeys instead of showing them: what turns the direction of text. */
const OBEYED = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Raw text to be read: what would be obeyed is spelt out, as JSON may spell it (`\u202e`). */
export function shown(text: string): string {
  return text.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
