import { useCallback, useSyncExternalStore } from 'react';
import { plainStatus } from '../client/status.ts';
import type { ConnectionStatus } from '../client/types.ts';
import { useSession } from './session/context.ts';

const IDLE = plainStatus('idle');
const noop = () => {};

/** Status of the connection; `open` only after all missed events have arrived. */
export function useConnectionStatus(): ConnectionStatus {
  const client = useSession()?.client;
  return useSyncExternalStore(
    useCallback((changed) => client?.subscribe(changed) ?? noop, [client]),
    () => client?.status ?? IDLE,
    () => IDLE,
  );
}
