import { createContext, useContext } from 'react';
import type { LiveSession } from './session.ts';

/** Session of the nearest provider; `undefined` outside a provider, on a server, and until the provider is mounted. */
export const SessionContext = createContext<LiveSession | undefined>(undefined);

export function useSession(): LiveSession | undefined {
  return useContext(SessionContext);
}
