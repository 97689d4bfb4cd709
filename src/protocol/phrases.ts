import { listed, ordinalSuffix } from '../util/english.ts';
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
  if (names.length === 0) return 'Nobody';
  return listed(names.length <= 2 ? names : [...names.slice(0, 2), `${names.length - 2} more`]);
}

/** `GOLD` → `Gold`. */
export function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();
}

/** `WRONG_ANSWER` → `Wrong answer`. */
export function verdictPhrase(verdict: string): string {
  return capitalised(verdict.replaceAll('_', ' '));
}

/** 1 → `1st`, 12 → `12th`, 23 → `23rd`. */
export function ordinal(rank: number): string {
  return `${rank}${ordinalSuffix(rank)}`;
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
