import { createBoard } from '../../client/leaderboard.ts';
import type { BoardView, LeaderboardBoard, LiveClient } from '../../client/types.ts';
import { scopes } from '../../protocol/scope.ts';
import type { ScopeNeeds } from './scope-needs.ts';

/** One leaderboard per contest, shared by the components that show it. */
export interface SharedLeaderboards {
  subscribe(contestId: number, listener: () => void): () => void;
  view(contestId: number): BoardView | undefined;
}

interface Entry {
  readonly leaderboard: LeaderboardBoard;
  readonly release: () => void;
  holders: number;
}

export function createSharedLeaderboards(client: LiveClient, needs: ScopeNeeds): SharedLeaderboards {
  const entries = new Map<number, Entry>();

  function entryOf(contestId: number): Entry {
    const existing = entries.get(contestId);
    if (existing) return existing;
    // The leaderboard first: adding the scope triggers the snapshot.
    const leaderboard = createBoard(client, contestId);
    const release = needs.add(scopes.leaderboard(contestId));
    const entry = { leaderboard, release, holders: 0 };
    entries.set(contestId, entry);
    return entry;
  }

  return {
    view: (contestId) => entries.get(contestId)?.leaderboard.view,
    subscribe(contestId, listener) {
      const entry = entryOf(contestId);
      entry.holders += 1;
      const stop = entry.leaderboard.subscribe(listener);
      return () => {
        stop();
        entry.holders -= 1;
        // Deferred: another component may subscribe in the same turn and keep the loaded view.
        queueMicrotask(() => {
          if (entry.holders > 0 || entries.get(contestId) !== entry) return;
          entries.delete(contestId);
          entry.leaderboard.close();
          entry.release();
        });
      };
    },
  };
}
