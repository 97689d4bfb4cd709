import type { ScopeKind } from './scope.ts';

interface Named {
  readonly playerId: number;
  readonly playerName?: string | undefined;
}

/** The subject of a sentence: `You` where the player reads it, the player's name elsewhere. */
export function byline(who: Named, audience: ScopeKind): string {
  return audience === 'player' ? 'You' : nameOf(who);
}

/** `Ada`, `Ada and Bob`, `Ada, Bob and 3 more`. */
export function joinNames(who: readonly Named[]): string {
  const names = who.map(nameOf);
  if (names.length <= 1) return names[0] ?? 'Nobody';
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} more`;
}

/** `GOLD` → `Gold`. */
export function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}

/** 1 → `1st`, 12 → `12th`, 23 → `23rd`. */
export function ordinal(rank: number): string {
  const teen = rank % 100 >= 11 && rank % 100 <= 13;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][rank % 10] ?? 'th');
  return `${rank}${ending}`;
}

/** Phrase for a change of rank: `moved up from 5th to 3rd`. */
export function placeMove(from: number | null, to: number): string {
  if (from === null) return `entered at ${ordinal(to)}`;
  if (from === to) return `stayed at ${ordinal(to)}`;
  return `moved ${to < from ? 'up' : 'down'} from ${ordinal(from)} to ${ordinal(to)}`;
}

/** A title with its preposition, or nothing. */
export function titled(preposition: string, title: string | undefined): string {
  return title === undefined ? '' : `${preposition}${title}`;
}

function nameOf(who: Named): string {
  return who.playerName ?? `Player ${who.playerId}`;
}
