/** Formats of the CLICS Contest API. */

/** TIME: ISO 8601 with milliseconds, in UTC. @param at in ms since 1970 */
export const timeOf = (at: number): string => new Date(at).toISOString();

/** TIME, or null. */
export const timeOrNull = (at: number | null): string | null => (at === null ? null : timeOf(at));

/** RELTIME: `h:mm:ss.uuu`. */
export function relativeTimeOf(ms: number): string {
  const total = Math.abs(Math.round(ms));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = Math.floor(total / 1_000) % 60;
  const rest = String(total % 1_000).padStart(3, '0');
  return `${ms < 0 && total > 0 ? '-' : ''}${hours}:${two(minutes)}:${two(seconds)}.${rest}`;
}

/** Label of a problem by its place, from 0: A … Z, AA, AB, … */
export function labelOf(place: number): string {
  const last = String.fromCharCode(65 + (place % 26));
  return place < 26 ? last : labelOf(Math.floor(place / 26) - 1) + last;
}

/** ID: up to 36 letters, digits and `_ . -`. */
const ID = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,34}[A-Za-z0-9_-])?$/;

/** Identifier of a word of the platform: the word itself where it is one; else another one, always the same. */
export function identifierOf(word: string): string {
  if (ID.test(word)) return word;
  let hash = 0x811c9dc5;
  for (const unit of word) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  const readable = word
    .replaceAll('+', 'p')
    .replaceAll('#', 's')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^-+/, '')
    .slice(0, 24);
  return `${readable === '' ? 'x' : readable}-${hash.toString(36)}`;
}
