/** Embeddings, overrides, isolates and their terminators. Marks (U+200E, U+200F, U+061C) affect no other character. */
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
/** Right-to-left letters and marks. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** User-made text without the control characters that could reorder adjacent text. */
export function withoutBidiControls(text: string): string {
  return text.replace(CONTROLS, '');
}

/** Isolated user-made text for a sentence without elements: an attribute, a live region, an option. */
export function isolated(text: string): string {
  const plain = withoutBidiControls(text);
  return RIGHT_TO_LEFT.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** Part of a sentence. `foreign`: it has its own direction and must be isolated. */
export interface Stretch {
  readonly text: string;
  readonly foreign: boolean;
}

/**
 * Splits a sentence at its right-to-left user-made texts, which would otherwise reorder adjacent numbers and punctuation.
 * `data`: the values the sentence was made from; all strings in it are searched.
 */
export function stretchesOf(sentence: string, data: unknown): Stretch[] {
  const foreign = stringsIn(data)
    .filter((text) => RIGHT_TO_LEFT.test(text))
    .sort((a, b) => b.length - a.length);
  let stretches: Stretch[] = [{ text: sentence, foreign: false }];
  for (const name of foreign)
    stretches = stretches.flatMap((stretch) => (stretch.foreign ? stretch : splitAt(stretch.text, name)));
  return stretches
    .map(({ text, foreign }) => ({ text: withoutBidiControls(text), foreign }))
    .filter(({ text }) => text !== '');
}

function splitAt(text: string, name: string): Stretch[] {
  return text
    .split(name)
    .flatMap((between, place) => [
      ...(place === 0 ? [] : [{ text: name, foreign: true }]),
      { text: between, foreign: false },
    ]);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
