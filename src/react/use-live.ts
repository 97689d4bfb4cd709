import type { LiveClient } from '../client/types.ts';
import { useSession } from './session/context.ts';

/** The connection itself; `undefined` until the provider is mounted, and on a server. */
export function useLive(): LiveClient | undefined {
  return useSession()?.client;
}
