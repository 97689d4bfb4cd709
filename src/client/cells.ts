import {
  applyCells,
  type Cell,
  type CellsDelta,
  type CellsSnapshot,
  type CellsState,
} from '../protocol/cells.ts';
import type { LiveClient } from './types.ts';

/** Cells of a contest, kept current from the client's stream. */
export interface FollowedCells {
  /** Problems in their order; `undefined` until the first snapshot. */
  readonly problems: readonly number[] | undefined;
  /** Cells of a player, by problem id; the same array until they change. */
  cellsOf(playerId: number): readonly Cell[] | undefined;
  /** The stream lost history: what follows is ignored until the next snapshot. */
  reset(): void;
  close(): void;
}

/**
 * Follows the cells of a contest: a snapshot, then deltas, each with the version before it.
 *
 * @param onMissed called after a gap: the next snapshot ends it
 */
export function followCells(
  client: LiveClient,
  contestId: number,
  { onChange, onMissed }: { readonly onChange: () => void; readonly onMissed: () => void },
): FollowedCells {
  let state: CellsState | undefined;
  /** Whether these are the cells that admins see. */
  let real = false;
  let stale = false;

  function applySnapshot(snapshot: CellsSnapshot): void {
    const isReal = snapshot.real === true;
    // During a change of streams, the older snapshot may arrive later.
    if (state && !stale && isReal === real && snapshot.version < state.version) return;
    real = isReal;
    stale = false;
    const { version, problems } = snapshot;
    state = { version, problems, rows: new Map(snapshot.rows.map((row) => [row.playerId, row])) };
    onChange();
  }

  function applyChange(delta: CellsDelta): void {
    // An admin's stream has the cells that players are shown, too.
    if (!state || stale || (delta.real === true) !== real) return;
    const after = applyCells(state, delta);
    if (after === state) return;
    if (after) state = after;
    else {
      stale = true;
      onMissed();
    }
    onChange();
  }

  const stops = [
    client.on('cells-snapshot', (snapshot) => {
      if (snapshot.contestId === contestId) applySnapshot(snapshot);
    }),
    client.on('cells-update', ({ data }) => {
      if (data.contestId === contestId) applyChange(data);
    }),
  ];
  return {
    get problems() {
      return state?.problems;
    },
    cellsOf: (playerId) => state?.rows.get(playerId)?.cells,
    reset() {
      stale = state !== undefined;
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}
