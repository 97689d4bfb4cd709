import type { ScopeInput } from '../../client/types.ts';
import { parseCursor } from '../../protocol/cursor.ts';
import type { EventType } from '../../protocol/event.ts';
import { parseScope } from '../../protocol/scope.ts';
import type { StreamQuery } from './stream-query.ts';
import type { ViewerDetails } from './use-viewer-details.ts';

/** Input of the request form. */
export interface RequestDraft {
  /** Ticked scopes; undefined until one is changed: the defaults apply. */
  readonly ticked: readonly ScopeInput[] | undefined;
  /** Typed scopes, separated by blanks. */
  readonly more: string;
  readonly types: readonly EventType[];
  readonly start: 'now' | 'earliest' | 'after';
  readonly after: string;
}

export const EMPTY_DRAFT: RequestDraft = { ticked: undefined, more: '', types: [], start: 'now', after: '' };

export interface Suggestion {
  readonly scope: ScopeInput;
  readonly hint: string;
}

export function suggestionsFor({ plays, contests }: ViewerDetails): readonly Suggestion[] {
  return [
    plays
      ? { scope: 'player:me', hint: 'the player’s own' }
      : { scope: 'ops', hint: 'the nodes; for admins' },
    { scope: 'global', hint: 'for all players' },
    ...contests.flatMap(({ id, title }): Suggestion[] => [
      { scope: `contest:${id}`, hint: title },
      { scope: `contest:${id}:leaderboard`, hint: 'its standings' },
    ]),
  ];
}

/** The ticked scopes; by default the player's, `global`, and those of the first contest. */
export function tickedIn(
  { ticked }: RequestDraft,
  suggestions: readonly Suggestion[],
): readonly ScopeInput[] {
  return ticked ?? suggestions.slice(0, 4).map(({ scope }) => scope);
}

/** The query of a draft, or a sentence that names its fault. */
export function queryOf(draft: RequestDraft, suggestions: readonly Suggestion[]): StreamQuery | string {
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
