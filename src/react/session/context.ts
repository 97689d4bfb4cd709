import { createContext, useContext } from 'react';
import type { Session } from './session.ts';

/** Session of the nearest provider; `undefined` outside a provider, on a server, and until the provider is mounted. */
export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session | undefined {
  return useContext(SessionContext);
}
