import { useState } from 'react';
import { ConnectionBadge, useEvents } from '../../react/index.ts';
import { SignedOut, useSignedOut } from '../shared/signed-out.tsx';
import { ToolBar } from '../shared/tool-bar.tsx';
import { NodeTable } from './node-table.tsx';
import { Plots } from './plots.tsx';
import { busiest, type Nodes, sampleOf, withSample } from './samples.ts';
import { ScopeList } from './scope-list.tsx';
import { Sessions } from './sessions.tsx';

interface Received {
  readonly nodes: Nodes;
  readonly newest: number | undefined;
}

/** Metrics of the nodes, and open streams. */
export function Dashboard({ onLeave }: { readonly onLeave: () => void }) {
  const [{ nodes, newest }, setReceived] = useState<Received>({ nodes: new Map(), newest: undefined });
  useEvents('node-status', (notification) => {
    const sample = sampleOf(notification);
    setReceived((known) => ({
      nodes: withSample(known.nodes, notification.data.nodeId, sample),
      newest: Math.max(known.newest ?? 0, sample.at),
    }));
  });
  const signedOut = useSignedOut();
  return (
    <div className="ops">
      <ToolBar here="Ops">
        <ConnectionBadge className="bar-connection" />
        <button type="button" className="plain" onClick={onLeave}>
          Leave
        </button>
      </ToolBar>
      <main>
        {signedOut && <SignedOut onLeave={onLeave} />}
        <Plots nodes={nodes} newest={newest} />
        <div className="ops-sheets">
          <div className="ops-wide">
            <NodeTable nodes={nodes} newest={newest ?? 0} />
            <Sessions />
          </div>
          <ScopeList scopes={busiest(nodes, newest ?? 0)} />
        </div>
      </main>
    </div>
  );
}
