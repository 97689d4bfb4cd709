import { type ReactNode, useEffect, useRef, useState } from 'react';
import { connect } from '../client/connect.ts';
import type { ConnectOptions, ScopeInput } from '../client/types.ts';
import { SessionContext } from './session/context.ts';
import { createSession, type LiveSession } from './session/session.ts';

export interface LiveProviderProps extends Omit<ConnectOptions, 'scopes' | 'start'> {
  /** Scopes besides those that hooks request. Default: `player:me` and `global`. */
  readonly scopes?: readonly ScopeInput[];
  readonly children?: ReactNode;
}

const DEFAULT_SCOPES: readonly ScopeInput[] = ['player:me', 'global'];

/**
 * Provider of one connection for its descendants, open while it is mounted. Later changes of its props are ignored, except
 * `getToken` and `getTicket`; to connect as another user or to another service, change its `key`. It does not connect on a
 * server.
 */
export function LiveProvider({ children, scopes = DEFAULT_SCOPES, ...options }: LiveProviderProps) {
  const [session, setSession] = useState<LiveSession>();
  const initial = useRef({ scopes, options });
  const latest = useRef(options);

  useEffect(() => {
    latest.current = options;
  });

  useEffect(() => {
    const { scopes, options } = initial.current;
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

  // Runs after the effects of all descendants: the scopes of their hooks are known by then, so one stream suffices.
  useEffect(() => session?.client.start(), [session]);

  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}
