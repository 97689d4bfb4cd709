import { type ReactNode, useEffect, useRef, useState } from 'react';
import { connect } from '../client/connect.ts';
import type { ConnectOptions, ScopeInput } from '../client/types.ts';
import { SessionContext } from './session/context.ts';
import { createSession, type Session } from './session/session.ts';

export interface LiveProviderProps extends Omit<ConnectOptions, 'scopes' | 'start'> {
  /** What to listen to besides what hooks ask for. Default: `player:me` and `global`. */
  readonly scopes?: readonly ScopeInput[];
  readonly children?: ReactNode;
}

const USUAL: readonly ScopeInput[] = ['player:me', 'global'];

/**
 * One connection for everything below it, open while it is mounted. What it was first given holds, but for `getToken` and
 * `getTicket`, of which the latest are asked; to connect as somebody else or elsewhere, give it another `key`. On a server
 * it connects to nothing.
 */
export function LiveProvider({ children, scopes = USUAL, ...options }: LiveProviderProps) {
  const [session, setSession] = useState<Session>();
  const given = useRef({ scopes, options });
  const latest = useRef(options);

  useEffect(() => {
    latest.current = options;
  });

  useEffect(() => {
    const { scopes, options } = given.current;
    const { getToken, getTicket } = options;
    const client = connect({
      ...options,
      ...(getToken && { getToken: (reason) => (latest.current.getToken ?? getToken)(reason) }),
      ...(getTicket && { getTicket: (wanted) => (latest.current.getTicket ?? getTicket)(wanted) }),
      scopes,
      start: false,
    });
    setSession(createSession(client, scopes));
    return () => {
      setSession(undefined);
      client.close();
    };
  }, []);

  // Runs after the effects of everything below: whatever hooks need is known by then, and one stream is enough.
  useEffect(() => session?.client.start(), [session]);

  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}
