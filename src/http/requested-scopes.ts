import type { UserIdentity } from '../auth/identity.ts';
import { Problem } from '../protocol/problem.ts';
import { type ParsedScope, parseScope, scopes } from '../protocol/scope.ts';

const ME = 'player:me';

/** The scopes of a query's `scope` parameters, each of which holds one or several, separated by commas. */
export function splitScopes(parameters: readonly string[] | undefined): string[] | undefined {
  return parameters?.flatMap((text) => text.split(','));
}

/**
 * Parses the scopes that a caller asks for, duplicates dropped; `player:me` becomes the caller's player.
 *
 * @param limit max scopes
 * @throws Problem `too-many-scopes` with the limit; `invalid-scope` or `no-player` with the scopes that are refused
 */
export function parseScopes(
  texts: readonly string[],
  { playerId }: UserIdentity,
  limit: number,
): ParsedScope[] {
  const asked = [...new Set(texts)];
  if (asked.length === 0) throw new Problem('invalid-scope', { detail: 'name at least one scope' });
  if (asked.length > limit)
    throw new Problem('too-many-scopes', { detail: `at most ${limit} scopes on one stream`, limit });
  const malformed = asked.filter((text) => text !== ME && parseScope(text) === undefined);
  if (malformed.length > 0)
    throw new Problem('invalid-scope', { detail: 'a scope is not well formed', scopes: malformed });
  return asked.map((text) => {
    if (text !== ME) return parseScope(text) as ParsedScope;
    if (playerId === undefined) throw new Problem('no-player', { scopes: [ME] });
    return { kind: 'player', id: playerId };
  });
}

/** A handler for a refusal that names scopes: rethrows it with `player:me` where the caller asked by that name. */
export function namedAsAsked(asked: readonly string[], { playerId }: UserIdentity) {
  const own = playerId !== undefined && asked.includes(ME) ? scopes.player(playerId) : undefined;
  return (error: unknown): never => {
    if (!(error instanceof Problem) || error.options.scopes === undefined) throw error;
    const named = error.options.scopes.map((scope) => (scope === own ? ME : scope));
    throw new Problem(error.code, { ...error.options, scopes: named });
  };
}
