import type { ScopeInput } from '../../client/types.ts';
import { parseCursor } from '../../protocol/cursor.ts';
import type { EventType } from '../../protocol/event.ts';
import { parseScope } from '../../protocol/scope.ts';
import type { Persona } from './use-persona.ts';
import type { Wanted } from './wanted.ts';

/** A request as it is being filled in. */
export interface Draft {
  /** Ticked; undefined: nobody has touched them, and the usual ones hold. */
  readonly ticked: readonly ScopeInput[] | undefined;
  /** Typed, with blanks between them. */
  readonly more: string;
  readonly types: readonly EventType[];
  readonly start: 'now' | 'earliest' | 'after';
  readonly after: string;
}

export const EMPTY_DRAFT: Draft = { ticked: undefined, more: '', types: [], start: 'now', after: '' };

export interface Suggestion {
  readonly scope: ScopeInput;
  readonly hint: string;
}

export function suggestionsFor({ plays, contests }: Persona): readonly Suggestion[] {
  return [
    plays
      ? { scope: 'player:me', hint: 'the player’s own' }
      : { scope: 'ops', hint: 'the nodes; for admins' },
    { scope: 'global', hint: 'what everybody hears' },
    ...contests.flatMap(({ id, title }): Suggestion[] => [
      { scope: `contest:${id}`, hint: title },
      { scope: `contest:${id}:leaderboard`, hint: 'its standings' },
    ]),
  ];
}

/** Those that are ticked until somebody says otherwise: the player's, everybody's, and the first contest's. */
export function tickedIn({ ticked }: Draft, suggestions: readonly Suggestion[]): readonly ScopeInput[] {
  return ticked ?? suggestions.slice(0, 4).map(({ scope }) => scope);
}

/** The request, or a sentence about what is wrong with it. */
export function wantedOf(draft: Draft, suggestions: readonly Suggestion[]): Wanted | string {
  const words = draft.more.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => word !== 'player:me' && parseScope(word) === undefined);
  if (wrong !== undefined) return `“${wrong}” is not a scope.`;
  const typed = words as ScopeInput[];
  const scopes = [...new Set([...tickedIn(draft, suggestions), ...typed])];
  if (scopes.length === 0) return 'Choose at least one scope.';
  const after = draft.after.trim();
  if (draft.start === 'after' && parseCursor(after) === undefined)
    return 'An id looks like 1042, or 1042-k7f2 as the stream writes it.';
  const from = draft.start === 'now' ? undefined : draft.start === 'earliest' ? 'earliest' : after;
  return { scopes, types: draft.types, from };
}
