import { useCallback, useSyncExternalStore } from 'react';
import type { BoardView } from '../client/types.ts';
import { useSession } from './session/context.ts';

const noop = () => {};
const none = () => undefined;

export interface LeaderboardHookOptions {
  /** Whether rows have cells: the player's submissions, by problem. Default false. */
  readonly cells?: boolean;
}

/**
 * Live leaderboard of a contest; `undefined` until its first snapshot. While the hook is mounted, the connection has the
 * leaderboard's scope, and with `cells` that of its cells. Each row carries its rank before its latest move.
 */
export function useLeaderboard(
  contestId: number,
  { cells = false }: LeaderboardHookOptions = {},
): BoardView | undefined {
  const leaderboards = useSession()?.leaderboards;
  return useSyncExternalStore(
    useCallback(
      (changed) => leaderboards?.subscribe(contestId, changed, cells) ?? noop,
      [leaderboards, contestId, cells],
    ),
    () => leaderboards?.view(contestId, cells),
    none,
  );
}
