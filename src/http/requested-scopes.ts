import type { UserIdentity } from '../auth/identity.ts';
import { Problem } from '../protocol/problem.ts';
import { type ParsedScope, parseScope, scopes } from '../protocol/scope.ts';

const ME = 'player:me';

/** Splits the `scope` parameters of a query, each of which holds one or more scopes, separated by commas. */
export function splitScopes(parameters: readonly string[] | undefined): string[] | undefined {
  return parameters?.flatMap((text) => text.split(','));
}

/**
 * Parses the scopes of a request, without duplicates; `player:me` becomes the caller's player.
 *
 * @param limit max scopes
 * @throws Problem `too-many-scopes` with the limit; `invalid-scope` or `no-player` with the scopes that are refused
 */
export function parseScopes(
  texts: readonly string[],
  { playerId }: UserIdentity,
  limit: number,
): ParsedScope[] {
  const requested = [...new Set(texts)];
  if (requested.length === 0) throw new Problem('invalid-scope', { detail: 'name at least one scope' });
  if (requested.length > limit)
    throw new Problem('too-many-scopes', { detail: `at most ${limit} scopes on one stream`, limit });
  const malformed = requested.filter((text) => text !== ME && parseScope(text) === undefined);
  if (malformed.length > 0)
    throw new Problem('invalid-scope', { detail: 'a scope is not well formed', scopes: malformed });
  return requested.map((text) => {
    if (text !== ME) return parseScope(text) as ParsedScope;
    if (playerId === undefined) throw new Problem('no-player', { scopes: [ME] });
    return { kind: 'player', id: playerId };
  });
}

/** Handler of a refusal that names scopes: rethrows it with `player:me` where the request has that name. */
export function withRequestedNames(requested: readonly string[], { playerId }: UserIdentity) {
  const own = playerId !== undefined && requested.includes(ME) ? scopes.player(playerId) : undefined;
  return (error: unknown): never => {
    if (!(error instanceof Problem) || error.options.scopes === undefined) throw error;
    const named = error.options.scopes.map((scope) => (scope === own ? ME : scope));
    throw new Problem(error.code, { ...error.options, scopes: named });
  };
}
