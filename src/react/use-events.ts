import { useEffect, useRef } from 'react';
import type { LiveEvents, ScopeInput } from '../client/types.ts';
import { useSession } from './session/context.ts';

/**
 * Calls `listener` with every event of that name: an SSE name such as `level-up`, `notification` for all, or one of the
 * connection's own. The latest `listener` is called; it need not be the same one each time.
 *
 * @param scope what to listen to for it, if nothing else on the page does already
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
