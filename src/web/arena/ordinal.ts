const RULES = new Intl.PluralRules('en', { type: 'ordinal' });
const SUFFIXES: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd' };

/** `22` → `["22", "nd"]`. */
export function ordinalParts(rank: number): readonly [digits: string, suffix: string] {
  return [String(rank), SUFFIXES[RULES.select(rank)] ?? 'th'];
}
