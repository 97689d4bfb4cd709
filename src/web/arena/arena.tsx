import { useMemo, useState } from 'react';
import { LiveProvider } from '../../react/index.ts';
import { Entrance } from './entrance.tsx';
import { Hall } from './hall.tsx';
import { type Identity, rememberedIdentity, rememberIdentity, tokensOf } from './identity.ts';
import { serviceUrl } from './service.ts';

/** The whole page: the entrance, or the hall with one connection as whoever came in. */
export function Arena() {
  const [identity, setIdentity] = useState(rememberedIdentity);
  const getToken = useMemo(() => identity && tokensOf(identity), [identity]);

  function become(next: Identity | undefined): void {
    rememberIdentity(next);
    setIdentity(next);
  }

  if (identity === undefined || getToken === undefined) return <Entrance onEnter={become} />;
  const plays = identity.kind === 'demo' || identity.plays;
  return (
    <LiveProvider
      key={identity.kind === 'demo' ? identity.playerId : identity.token}
      url={serviceUrl()}
      scopes={plays ? ['player:me', 'global'] : ['global']}
      getToken={getToken}
      storage="session"
      share={true}
    >
      <Hall identity={identity} plays={plays} onLeave={() => become(undefined)} />
    </LiveProvider>
  );
}
