import { useState } from 'react';
import { LiveProvider } from '../../react/index.ts';
import { serviceUrl } from '../arena/service.ts';
import { Board } from './board.tsx';
import { Gate } from './gate.tsx';
import { rememberedPass, rememberPass } from './pass.ts';

/** The whole page: the gate, or the board with one connection that listens to the nodes. */
export function Operator() {
  const [token, setToken] = useState(rememberedPass);
  function become(next: string | undefined): void {
    rememberPass(next);
    setToken(next);
  }
  if (token === undefined) return <Gate onEnter={become} />;
  return (
    <LiveProvider
      key={token}
      url={serviceUrl()}
      scopes={['ops']}
      types={['NODE_STATUS']}
      // What nodes told somebody else a moment ago is the beginning of the plots.
      from="earliest"
      getToken={() => token}
    >
      <Board onLeave={() => become(undefined)} />
    </LiveProvider>
  );
}
