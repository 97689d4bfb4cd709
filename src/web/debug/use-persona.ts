import { useEffect, useState } from 'react';
import { type Contest, inOrder } from '../arena/contests.ts';
import { type Identity, identityOfToken, tokensOf } from '../arena/identity.ts';
import { ask } from '../arena/service.ts';

/** What there is to listen to for somebody. */
export interface Persona {
  /** Whether there is a player: without one, nobody is `player:me`. */
  readonly plays: boolean;
  /** Those worth watching, the most interesting first. */
  readonly contests: readonly Contest[];
}

const UNKNOWN: Persona = { plays: true, contests: [] };
const MOST_CONTESTS = 2;

/** Looked up when somebody else is chosen; nothing is known of a token that is refused. */
export function usePersona(identity: Identity | undefined): Persona {
  const [persona, setPersona] = useState(UNKNOWN);
  useEffect(() => {
    let wanted = true;
    setPersona(UNKNOWN);
    if (identity === undefined || (identity.kind === 'token' && identity.token === '')) return;
    lookUp(identity).then(
      (found) => wanted && setPersona(found),
      () => {},
    );
    return () => {
      wanted = false;
    };
  }, [identity]);
  return persona;
}

async function lookUp(identity: Identity): Promise<Persona> {
  const known = identity.kind === 'demo' ? identity : await identityOfToken(identity.token);
  const token = await tokensOf(known)('request');
  const headers = { authorization: `Bearer ${token}` };
  const { contests } = await ask<{ contests: Contest[] }>('contests', { headers });
  return {
    plays: known.kind === 'demo' || known.plays,
    contests: inOrder(contests).slice(0, MOST_CONTESTS),
  };
}
