import type { LiveError } from '../../client/live-error.ts';
import type { LiveClient, ScopeInput } from '../../client/types.ts';

/** What the hooks on a page need to hear, counted, so that the connection listens to just that. */
export interface ScopeNeeds {
  /** Adds a scope. Returns how to let go of it. */
  add(scope: ScopeInput): () => void;
}

/** The statuses of a refusal that is about the scopes, and not about who asks. */
const OF_SCOPES: readonly unknown[] = [400, 403, 404];

/**
 * Changes made in one turn become one change of the connection: a page that swaps one board for another opens one
 * stream, not two. A scope that is refused is left out, so that it costs nobody else what they need.
 */
export function createScopeNeeds(
  client: Pick<LiveClient, 'on' | 'setScopes'>,
  always: readonly ScopeInput[],
): ScopeNeeds {
  const needed = new Map<ScopeInput, number>(always.map((scope) => [scope, 1]));
  /** What is not asked for, though it is needed: refused, or waiting until the rest has been tried. */
  const left = new Set<ScopeInput>();
  let had = always;
  let told = keyOf(always);
  let planned = false;

  function plan(): void {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      void tell();
    });
  }

  async function tell(): Promise<void> {
    const scopes = [...needed.keys()].filter((scope) => !left.has(scope));
    const key = keyOf(scopes);
    // A stream needs a scope: with none left the last ones stay.
    if (scopes.length === 0 || key === told) return;
    told = key;
    try {
      await client.setScopes(scopes);
      had = scopes;
    } catch (error) {
      // Unless another change has taken the place of this one.
      if (told === key) await refused(scopes, error as LiveError);
    }
  }

  /** The client tells why, by `error`, and listens to what it did before. What is new is tried by parts. */
  async function refused(scopes: readonly ScopeInput[], { status }: LiveError): Promise<void> {
    told = '';
    if (!OF_SCOPES.includes(status)) return;
    const [first, ...others] = scopes.filter((scope) => !had.includes(scope));
    if (first === undefined) return;
    for (const scope of others) left.add(scope);
    if (others.length === 0) left.add(first);
    await tell();
    for (const scope of others) left.delete(scope);
    if (others.length > 0) await tell();
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
        else {
          needed.delete(scope);
          left.delete(scope);
        }
        plan();
      };
    },
  };
}

function keyOf(scopes: readonly ScopeInput[]): string {
  return [...scopes].sort().join(' ');
}
