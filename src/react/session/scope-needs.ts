import type { LiveClient, ScopeInput } from '../../client/types.ts';

/** What the hooks on a page need to hear, counted, so that the connection listens to just that. */
export interface ScopeNeeds {
  /** Adds a scope. Returns how to let go of it. */
  add(scope: ScopeInput): () => void;
}

/**
 * Changes made in one turn become one change of the connection: a page that swaps one board for another opens one
 * stream, not two.
 */
export function createScopeNeeds(
  client: Pick<LiveClient, 'setScopes'>,
  always: readonly ScopeInput[],
): ScopeNeeds {
  const needed = new Map<ScopeInput, number>(always.map((scope) => [scope, 1]));
  let told = keyOf(always);
  let planned = false;

  function plan(): void {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      const scopes = [...needed.keys()];
      const key = keyOf(scopes);
      // A stream needs a scope: with none left the last ones stay.
      if (scopes.length === 0 || key === told) return;
      told = key;
      // What is refused the client tells by `error`; it then listens to what it did before.
      client.setScopes(scopes).catch(() => {
        if (told === key) told = '';
      });
    });
  }

  return {
    add(scope) {
      needed.set(scope, (needed.get(scope) ?? 0) + 1);
      plan();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (needed.get(scope) ?? 1) - 1;
        if (left > 0) needed.set(scope, left);
        else needed.delete(scope);
        plan();
      };
    },
  };
}

function keyOf(scopes: readonly ScopeInput[]): string {
  return [...scopes].sort().join(' ');
}
