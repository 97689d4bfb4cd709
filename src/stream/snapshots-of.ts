import { parseScope, type Scope } from '../protocol/scope.ts';

/** State of a contest that a stream begins with, and the name of its frame. */
export interface SnapshotOf {
  readonly event: 'leaderboard-snapshot' | 'cells-snapshot';
  readonly contestId: number;
}

/** Snapshots that a stream of these scopes begins with, each once. */
export function snapshotsOf(scopes: readonly Scope[]): readonly SnapshotOf[] {
  const wanted = scopes.flatMap(snapshotOf);
  if (wanted.length < 2) return wanted;
  return [...new Map(wanted.map((of) => [`${of.event}/${of.contestId}`, of])).values()];
}

function snapshotOf(scope: Scope): SnapshotOf[] {
  const parsed = parseScope(scope);
  if (parsed?.kind === 'leaderboard' || parsed?.kind === 'real')
    return [{ event: 'leaderboard-snapshot', contestId: parsed.id }];
  if (parsed?.kind === 'cells' || parsed?.kind === 'realCells')
    return [{ event: 'cells-snapshot', contestId: parsed.id }];
  return [];
}
