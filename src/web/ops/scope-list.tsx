import type { CSSProperties } from 'react';

/** Max scopes shown, those with the most streams. */
const MAX_SCOPES = 20;

export interface ScopeListProps {
  readonly scopes: readonly (readonly [scope: string, streams: number])[];
}

/** Number of streams per scope. */
export function ScopeList({ scopes }: ScopeListProps) {
  const most = scopes[0]?.[1] ?? 1;
  return (
    <section className="sheet scopes" aria-labelledby="scopes">
      <h2 id="scopes">Streams by scope</h2>
      <ol>
        {scopes.slice(0, MAX_SCOPES).map(([scope, streams]) => (
          <li key={scope} style={{ '--share': streams / most } as CSSProperties}>
            <code>{scope}</code>
            <b>{streams.toLocaleString('en')}</b>
          </li>
        ))}
      </ol>
      {scopes.length === 0 && <p className="hint">No streams are open.</p>}
    </section>
  );
}
