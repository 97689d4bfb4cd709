import { useCallback, useSyncExternalStore } from 'react';
import type { BoardView } from '../client/types.ts';
import { useSession } from './session/context.ts';

const nothing = () => {};
const none = () => undefined;

/**
 * The standings of a contest, live; `undefined` until they are there. While it is used, the connection listens to them.
 * Each row says where it stood before it last moved.
 */
export function useLeaderboard(contestId: number): BoardView | undefined {
  const boards = useSession()?.boards;
  return useSyncExternalStore(
    useCallback((changed) => boards?.subscribe(contestId, changed) ?? nothing, [boards, contestId]),
    () => boards?.view(contestId),
    none,
  );
}
