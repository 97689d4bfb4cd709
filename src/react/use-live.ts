import type { LiveClient } from '../client/types.ts';
import { useSession } from './session/context.ts';

/** Client of the nearest provider; `undefined` until the provider is mounted, and on a server. */
export function useLive(): LiveClient | undefined {
  return useSession()?.client;
}
