import { createBoard } from '../../client/leaderboard.ts';
import type { BoardView, LeaderboardBoard, LiveClient } from '../../client/types.ts';
import { scopes } from '../../protocol/scope.ts';
import type { ScopeNeeds } from './scope-needs.ts';

/** One leaderboard per contest, and one with cells, shared by the components that show it. */
export interface SharedLeaderboards {
  subscribe(contestId: number, listener: () => void, cells?: boolean): () => void;
  view(contestId: number, cells?: boolean): BoardView | undefined;
}

interface Entry {
  readonly leaderboard: LeaderboardBoard;
  readonly release: () => void;
  holders: number;
}

export function createSharedLeaderboards(client: LiveClient, needs: ScopeNeeds): SharedLeaderboards {
  const entries = new Map<string, Entry>();
  const keyOf = (contestId: number, cells: boolean) => `${contestId}${cells ? '/cells' : ''}`;

  function entryOf(contestId: number, cells: boolean): Entry {
    const key = keyOf(contestId, cells);
    const existing = entries.get(key);
    if (existing) return existing;
    // The leaderboard first: adding the scope triggers the snapshot.
    const leaderboard = createBoard(client, contestId, { cells });
    const wanted = [scopes.leaderboard(contestId), ...(cells ? [scopes.cells(contestId)] : [])];
    const releases = wanted.map((scope) => needs.add(scope));
    const release = () => {
      for (const end of releases) end();
    };
    const entry = { leaderboard, release, holders: 0 };
    entries.set(key, entry);
    return entry;
  }

  return {
    view: (contestId, cells = false) => entries.get(keyOf(contestId, cells))?.leaderboard.view,
    subscribe(contestId, listener, cells = false) {
      const key = keyOf(contestId, cells);
      const entry = entryOf(contestId, cells);
      entry.holders += 1;
      const stop = entry.leaderboard.subscribe(listener);
      return () => {
        stop();
        entry.holders -= 1;
        // Deferred: another component may subscribe in the same turn and keep the loaded view.
        queueMicrotask(() => {
          if (entry.holders > 0 || entries.get(key) !== entry) return;
          entries.delete(key);
          entry.leaderboard.close();
          entry.release();
        });
      };
    },
  };
}
