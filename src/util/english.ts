const LIST = new Intl.ListFormat('en-GB');
const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });
const SUFFIXES: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd' };

/** `1 row`, `3 rows`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return LIST.format(words);
}

/** What follows the digits of a rank: 1 → `st`, 12 → `th`, 23 → `rd`. */
export function ordinalSuffix(rank: number): string {
  return SUFFIXES[ORDINALS.select(rank)] ?? 'th';
}
