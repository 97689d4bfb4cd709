import type { CSSProperties } from 'react';

/** So many are shown, those with the most streams. */
const MOST = 20;

export interface ScopeListProps {
  readonly scopes: readonly (readonly [scope: string, streams: number])[];
}

/** How many streams listen to each scope. */
export function ScopeList({ scopes }: ScopeListProps) {
  const most = scopes[0]?.[1] ?? 1;
  return (
    <section className="sheet scopes" aria-labelledby="scopes">
      <h2 id="scopes">Streams by scope</h2>
      <ol>
        {scopes.slice(0, MOST).map(([scope, streams]) => (
          <li key={scope} style={{ '--share': streams / most } as CSSProperties}>
            <code>{scope}</code>
            <b>{streams.toLocaleString('en')}</b>
          </li>
        ))}
      </ol>
      {scopes.length === 0 && <p className="hint">Nobody listens to anything.</p>}
    </section>
  );
}
