import type { LiveClient, ScopeInput } from '../../client/types.ts';

/** What the hooks on a page need to hear, counted, so that the connection listens to just that. */
export interface ScopeNeeds {
  /** Adds a scope. Returns how to release it. */
  add(scope: ScopeInput): () => void;
}

/**
 * Changes made in one turn become one change of the connection: a page that swaps one board for another opens one stream,
 * not two. What changes while one is under way waits for it, so that a page which mounts bit by bit opens few streams.
 * Scopes that are refused cost nobody else what they need; `client.status.refused` names them.
 */
export function createScopeNeeds(
  client: Pick<LiveClient, 'on' | 'setScopes'>,
  always: readonly ScopeInput[],
): ScopeNeeds {
  const needed = new Map<ScopeInput, number>(always.map((scope) => [scope, 1]));
  let applied = keyOf(always);
  let planned = false;
  let changing = false;

  function plan(): void {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      void apply();
    });
  }

  async function apply(): Promise<void> {
    if (changing) return;
    changing = true;
    for (let key = keyOf([...needed.keys()]); key !== applied; key = keyOf([...needed.keys()])) {
      applied = key;
      try {
        await client.setScopes([...needed.keys()]);
      } catch {
        // The client says why by `error`; it is asked for again with the next change, or when there is a stream again.
        if (key === keyOf([...needed.keys()])) {
          applied = '';
          break;
        }
      }
    }
    changing = false;
  }

  // A connection that was refused as a whole may be there after all.
  client.on('open', plan);

  return {
    add(scope) {
      needed.set(scope, (needed.get(scope) ?? 0) + 1);
      plan();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const holders = (needed.get(scope) ?? 1) - 1;
        if (holders > 0) needed.set(scope, holders);
        else needed.delete(scope);
        plan();
      };
    },
  };
}

function keyOf(scopes: readonly ScopeInput[]): string {
  return [...scopes].sort().join(' ');
}
