import { createBoard } from '../../client/board.ts';
import type { BoardView, LeaderboardBoard, LiveClient } from '../../client/types.ts';
import { scopes } from '../../protocol/scope.ts';
import type { ScopeNeeds } from './scope-needs.ts';

/** One board per contest, however many components show it. */
export interface SharedBoards {
  subscribe(contestId: number, listener: () => void): () => void;
  view(contestId: number): BoardView | undefined;
}

interface Held {
  readonly board: LeaderboardBoard;
  readonly release: () => void;
  holders: number;
}

export function createSharedBoards(client: LiveClient, needs: ScopeNeeds): SharedBoards {
  const held = new Map<number, Held>();

  function hold(contestId: number): Held {
    const known = held.get(contestId);
    if (known) return known;
    // First the board, then the scope: the snapshot comes with the scope.
    const board = createBoard(client, contestId);
    const release = needs.add(scopes.leaderboard(contestId));
    const made = { board, release, holders: 0 };
    held.set(contestId, made);
    return made;
  }

  return {
    view: (contestId) => held.get(contestId)?.board.view,
    subscribe(contestId, listener) {
      const one = hold(contestId);
      one.holders += 1;
      const stop = one.board.subscribe(listener);
      return () => {
        stop();
        one.holders -= 1;
        // In the same turn somebody else may take it over, with all that is known.
        queueMicrotask(() => {
          if (one.holders > 0 || held.get(contestId) !== one) return;
          held.delete(contestId);
          one.board.close();
          one.release();
        });
      };
    },
  };
}
