import type { Role } from './enums.ts';

/**
 * Spelling of every kind of scope; `#` is the id. The kind decides who may listen and how long rows are kept.
 * `real`: a contest's leaderboard while players are shown a frozen one; `hidden`: what a freeze hides of the contest's
 * events; `ops`: status of the service; `realCells`: the cells of a leaderboard as they really are. Admins alone may listen to these. `shown`: what changes of a frozen leaderboard
 * that players are shown, such as a new participant's row. `cells`: what players are shown of a leaderboard's cells.
 * `players`, `admins`, `companies`: all users of one role, who get it with `global`.
 */
const SPELLINGS = {
  player: 'player:#',
  contest: 'contest:#',
  leaderboard: 'contest:#:leaderboard',
  real: 'contest:#:leaderboard:real',
  shown: 'contest:#:leaderboard:shown',
  hidden: 'contest:#:hidden',
  cells: 'contest:#:cells',
  realCells: 'contest:#:cells:real',
  problem: 'problem:#',
  global: 'global',
  players: 'players',
  admins: 'admins',
  companies: 'companies',
  ops: 'ops',
} as const;

type Spellings = typeof SPELLINGS;
type Spelled<S extends string> = S extends `${infer Before}#${infer After}`
  ? `${Before}${number}${After}`
  : S;

export type ScopeKind = keyof Spellings;
/** Kinds of scope that have an id. */
export type ScopeKindWithId = {
  [K in ScopeKind]: Spellings[K] extends `${string}#${string}` ? K : never;
}[ScopeKind];

/** What a stream may listen to, as text: the key of a channel and the `scope` column of the log. */
export type Scope = { [K in ScopeKind]: Spelled<Spellings[K]> }[ScopeKind];

/** Scope as its parts. */
export type ParsedScope =
  | { readonly kind: ScopeKindWithId; readonly id: number }
  | { readonly kind: Exclude<ScopeKind, ScopeKindWithId>; readonly id?: undefined };

export const SCOPE_KINDS = Object.keys(SPELLINGS) as readonly ScopeKind[];

/** Spells the scopes of each kind: `scopes.player(7)`, `scopes.global`. */
export const scopes = Object.fromEntries(
  Object.entries(SPELLINGS).map(([kind, spelling]) => {
    const [before, after] = spelling.split('#');
    return [kind, after === undefined ? spelling : (id: number) => `${before}${id}${after}`];
  }),
) as { readonly [K in ScopeKind]: K extends ScopeKindWithId ? (id: number) => Scope : Scope };

const KINDS: ReadonlyMap<string, ScopeKind> = new Map(SCOPE_KINDS.map((kind) => [SPELLINGS[kind], kind]));
const PATTERN = /^([a-z]+)(?::([1-9][0-9]{0,15})((?::[a-z]+)*))?$/;

/** An id of the platform: 1 … 2^53 − 1, decimal, no leading zero. `undefined` for anything else. */
export function parseId(text: string): number | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}

/** Parses a scope; `undefined` where the text is none. Only the one canonical spelling is a scope. */
export function parseScope(text: string): ParsedScope | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, head, digits, tail] = match;
  const kind = KINDS.get(digits === undefined ? text : `${head}:#${tail}`);
  if (kind === undefined) return undefined;
  if (digits === undefined) return { kind } as ParsedScope;
  const id = parseId(digits);
  return id === undefined ? undefined : ({ kind, id } as ParsedScope);
}

/** Kind of scope of a role's users. */
export const ROLE_SCOPES = {
  PLAYER: 'players',
  ADMIN: 'admins',
  COMPANY: 'companies',
} as const satisfies Record<Role, ScopeKind>;

/** The text of a scope. */
export function formatScope(scope: ParsedScope): Scope {
  return scope.id === undefined ? scopes[scope.kind] : scopes[scope.kind](scope.id);
}

/** The kind of a scope that is known to be well formed. */
export function scopeKind(scope: Scope): ScopeKind {
  const parsed = parseScope(scope);
  if (!parsed) throw new TypeError(`not a scope: ${scope}`);
  return parsed.kind;
}
