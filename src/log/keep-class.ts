import type { KeepClass } from '../db/schema.ts';
import { type Scope, scopeKind } from '../protocol/scope.ts';

/** What decides how long the rows of a scope are kept, those apart that carry no history. */
export function keepClassOf(scope: Scope): Exclude<KeepClass, 'nudge'> {
  const kind = scopeKind(scope);
  if (kind === 'real') return 'leaderboard';
  return kind === 'ops' ? 'global' : kind;
}
