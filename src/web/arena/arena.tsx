import { useMemo, useState } from 'react';
import { LiveProvider } from '../../react/index.ts';
import { serviceBase } from '../shared/service.ts';
import { storedViewer, storeViewer, tokenSourceOf, type Viewer } from '../shared/viewer.ts';
import { Entrance } from './entrance.tsx';
import { Hall } from './hall.tsx';

/** Root of the arena: the entrance, or the hall with one connection of the viewer. */
export function Arena() {
  const [viewer, setViewer] = useState(storedViewer);
  const getToken = useMemo(() => viewer && tokenSourceOf(viewer), [viewer]);

  function enterAs(next: Viewer | undefined): void {
    storeViewer(next);
    setViewer(next);
  }

  if (viewer === undefined || getToken === undefined) return <Entrance onEnter={enterAs} />;
  const plays = viewer.kind === 'demo' || viewer.plays;
  return (
    <LiveProvider
      key={viewer.kind === 'demo' ? viewer.playerId : viewer.token}
      url={serviceBase()}
      scopes={plays ? ['player:me', 'global'] : ['global']}
      getToken={getToken}
      storage="session"
      share={true}
    >
      <Hall viewer={viewer} plays={plays} onLeave={() => enterAs(undefined)} />
    </LiveProvider>
  );
}
