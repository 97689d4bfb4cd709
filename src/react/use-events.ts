import { useEffect, useRef } from 'react';
import type { LiveEvents, ScopeInput } from '../client/types.ts';
import { useSession } from './session/context.ts';

/**
 * Calls `listener` with each event of that name: an SSE name such as `level-up`, `notification` for all, or an event of
 * the connection. The listener of the latest render is called, so it need not be memoized.
 *
 * @param scope scope to add to the connection while the hook is mounted
 */
export function useEvents<K extends keyof LiveEvents>(
  event: K,
  listener: (value: LiveEvents[K]) => void,
  scope?: ScopeInput,
): void {
  const session = useSession();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => session?.client.on(event, (value) => latest.current(value)), [session, event]);
  useEffect(() => (scope === undefined ? undefined : session?.needs.add(scope)), [session, scope]);
}
