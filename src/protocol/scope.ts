/** What a stream may listen to, as text: the key of a channel and the `scope` column of the log. */
export type Scope =
  | `player:${number}`
  | `contest:${number}`
  | `contest:${number}:leaderboard`
  | `contest:${number}:leaderboard:real`
  | `problem:${number}`
  | 'global'
  | 'ops';

/** The kinds of scope. The kind decides who may listen and how long rows are kept. */
export const SCOPE_KINDS = ['player', 'contest', 'leaderboard', 'real', 'problem', 'global', 'ops'] as const;
/**
 * `real`: a contest's standings while players are shown frozen ones; `ops`: how the service itself is doing. To both,
 * admins alone may listen.
 */
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** A scope taken apart. `global` and `ops` have no id. */
export type ParsedScope =
  | { readonly kind: 'player' | 'contest' | 'leaderboard' | 'real' | 'problem'; readonly id: number }
  | { readonly kind: 'global' | 'ops'; readonly id?: undefined };

export const scopes = {
  player: (id: number): Scope => `player:${id}`,
  contest: (id: number): Scope => `contest:${id}`,
  leaderboard: (id: number): Scope => `contest:${id}:leaderboard`,
  real: (id: number): Scope => `contest:${id}:leaderboard:real`,
  problem: (id: number): Scope => `problem:${id}`,
  global: 'global' as Scope,
  ops: 'ops' as Scope,
} as const;

const PATTERN =
  /^(?:(player|contest|problem):([1-9][0-9]{0,15})(:leaderboard|:leaderboard:real)?|global|ops)$/;

/** An id of the platform: 1 … 2^53 − 1, decimal, no leading zero. `undefined` for anything else. */
export function parseId(text: string): number | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}

/** Takes a scope's text apart; `undefined` when it is none. Only the one canonical spelling is a scope. */
export function parseScope(text: string): ParsedScope | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, kind, digits, leaderboard] = match;
  if (kind === undefined || digits === undefined) return { kind: text as 'global' | 'ops' };
  const id = parseId(digits);
  if (id === undefined) return undefined;
  if (leaderboard !== undefined) {
    if (kind !== 'contest') return undefined;
    return { kind: leaderboard === ':leaderboard' ? 'leaderboard' : 'real', id };
  }
  return { kind: kind as 'player' | 'contest' | 'problem', id };
}

/** The text of a scope. */
export function formatScope(scope: ParsedScope): Scope {
  return scope.id === undefined ? scope.kind : scopes[scope.kind](scope.id);
}

/** The kind of a scope that is known to be well formed. */
export function scopeKind(scope: Scope): ScopeKind {
  const parsed = parseScope(scope);
  if (!parsed) throw new TypeError(`not a scope: ${scope}`);
  return parsed.kind;
}
