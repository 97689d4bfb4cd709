import { useCallback, useSyncExternalStore } from 'react';
import { useSession } from './session/context.ts';

const nothing = () => {};
const none = () => undefined;

/** The id of the player whose token the connection has; `undefined` until a stream with `player:me` has begun. */
export function useOwnPlayer(): number | undefined {
  const own = useSession()?.own;
  return useSyncExternalStore(
    useCallback((changed) => own?.subscribe(changed) ?? nothing, [own]),
    () => own?.id,
    none,
  );
}
