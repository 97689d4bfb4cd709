import { useCallback, useSyncExternalStore } from 'react';
import { useSession } from './session/context.ts';

const noop = () => {};
const none = () => undefined;

/** Id of the player of the connection's token; `undefined` until a stream with `player:me` has begun. */
export function useOwnPlayer(): number | undefined {
  const own = useSession()?.own;
  return useSyncExternalStore(
    useCallback((changed) => own?.subscribe(changed) ?? noop, [own]),
    () => own?.id,
    none,
  );
}
