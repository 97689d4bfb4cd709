import { useCallback, useSyncExternalStore } from 'react';
import type { BoardView } from '../client/types.ts';
import { useSession } from './session/context.ts';

const noop = () => {};
const none = () => undefined;

/**
 * Live leaderboard of a contest; `undefined` until its first snapshot. While the hook is mounted, the connection has the
 * leaderboard's scope. Each row carries its rank before its latest move.
 */
export function useLeaderboard(contestId: number): BoardView | undefined {
  const leaderboards = useSession()?.leaderboards;
  return useSyncExternalStore(
    useCallback((changed) => leaderboards?.subscribe(contestId, changed) ?? noop, [leaderboards, contestId]),
    () => leaderboards?.view(contestId),
    none,
  );
}
