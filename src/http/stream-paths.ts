import type { UserIdentity } from '../auth/identity.ts';
import { Problem } from '../protocol/problem.ts';
import { type ParsedScope, parseId, type ScopeKind, type ScopeKindWithId } from '../protocol/scope.ts';
import { type NamedScopes, QUERIED_SCOPES } from './stream-opening.ts';

/** Path of the stream of one scope, per kind; undefined: `/streams?scope=` alone. */
const PATHS = {
  player: '/streams/players/{id}',
  contest: '/streams/contests/{id}',
  leaderboard: '/streams/contests/{id}/leaderboard',
  real: undefined,
  shown: undefined,
  hidden: undefined,
  cells: undefined,
  realCells: undefined,
  problem: '/streams/problems/{id}',
  global: undefined, // below, without an id
  players: undefined,
  admins: undefined,
  companies: undefined,
  ops: undefined,
} as const satisfies Record<ScopeKind, string | undefined>;

/** Paths of the streams of one scope that has an id. */
export const PATHS_WITH_ID = (Object.entries(PATHS) as [ScopeKindWithId, string | undefined][]).flatMap(
  ([kind, path]) => (path === undefined ? [] : [{ kind, path }]),
);

/** The scope `global`, by a path of its own. */
export const GLOBAL_SCOPE: NamedScopes = { of: () => [{ kind: 'global' }], inQuery: false };

const PATHS_WITHOUT_ID: Readonly<Record<string, NamedScopes>> = {
  '/streams': QUERIED_SCOPES,
  '/streams/global': GLOBAL_SCOPE,
};

/** Scope of a path with an id. @param text the id, or `me` for the caller's player */
export function scopeInPath(kind: ScopeKindWithId, text: string): NamedScopes {
  return { of: (_, identity) => [scopeIn(text, kind, identity)], inQuery: false };
}

function scopeIn(text: string, kind: ScopeKindWithId, identity: UserIdentity): ParsedScope {
  if (kind === 'player' && text === 'me') {
    if (identity.playerId === undefined) throw new Problem('no-player');
    return { kind, id: identity.playerId };
  }
  const id = parseId(text);
  if (id === undefined) throw new Problem('invalid-id');
  return { kind, id };
}

/** The part of a path in place of an id that reads the same whether it is decoded or not. */
const PLAIN_ID = /^(?:me|[0-9]+)$/;

/** Per path with an id, the text before and after it. */
const AROUND_IDS = PATHS_WITH_ID.map(({ kind, path }) => {
  const [before = '', after = ''] = path.split('{id}');
  return { kind, before, after };
});

/** Scopes of the stream at a path; undefined where there is none, or the path is not plain. */
export function scopesAtPath(path: string): NamedScopes | undefined {
  if (Object.hasOwn(PATHS_WITHOUT_ID, path)) return PATHS_WITHOUT_ID[path];
  for (const { kind, before, after } of AROUND_IDS) {
    if (!path.startsWith(before) || !path.endsWith(after)) continue;
    const id = path.slice(before.length, path.length - after.length);
    if (PLAIN_ID.test(id)) return scopeInPath(kind, id);
  }
  return undefined;
}
