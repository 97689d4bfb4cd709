import { useCallback, useSyncExternalStore } from 'react';
import { plainStatus } from '../client/status.ts';
import type { ConnectionStatus } from '../client/types.ts';
import { useSession } from './session/context.ts';

const IDLE = plainStatus('idle');
const nothing = () => {};

/** How the connection stands, as it is: it never says `open` while something is still missing. */
export function useConnectionStatus(): ConnectionStatus {
  const client = useSession()?.client;
  return useSyncExternalStore(
    useCallback((changed) => client?.subscribe(changed) ?? nothing, [client]),
    () => client?.status ?? IDLE,
    () => IDLE,
  );
}
