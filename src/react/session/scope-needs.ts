import type { LiveClient, ScopeInput } from '../../client/types.ts';

/** Reference counts of the scopes that the hooks on a page need. */
export interface ScopeNeeds {
  /** Adds a reference to a scope. Returns the function that releases it. */
  add(scope: ScopeInput): () => void;
}

/**
 * Creates the reference counts and applies them to the connection. Changes in one microtask turn are batched: a page that
 * swaps one leaderboard for another opens one stream, not two. Changes during a `setScopes` call wait for it, so that a
 * page which mounts in steps opens few streams. Refused scopes do not affect the others; see `client.status.refused`.
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
        // Reported by the client as `error`. The scopes are requested again on the next change or the next open stream.
        if (key === keyOf([...needed.keys()])) {
          applied = '';
          break;
        }
      }
    }
    changing = false;
  }

  // A stream may open after all of the scopes were refused.
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
