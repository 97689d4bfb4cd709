import type { z } from 'zod';
import type { EventData } from './event.ts';
import type { cell } from './fields.ts';

/** One player's submissions to one problem of a contest, as a scoreboard shows them. */
export type Cell = z.output<typeof cell>;

/** Cells of one player; problems without a submission are left out. */
export type PlayerCells = CellsDelta['changed'][number];

/** Data of `cells-snapshot`: the cells of a contest, whole. */
export interface CellsSnapshot {
  readonly contestId: number;
  /** Grows with every change; a delta names the version that it follows. */
  readonly version: number;
  /** Problems of the contest, in their order. */
  readonly problems: readonly number[];
  readonly rows: readonly PlayerCells[];
  /** Whether these are the cells that admins see. */
  readonly real?: boolean;
}

/** Change from one version of the cells to the next: the data of CELLS_UPDATE. */
export type CellsDelta = EventData<'CELLS_UPDATE'>;

/** Cells of a contest as a reader keeps them. */
export interface CellsState {
  readonly version: number;
  readonly problems: readonly number[];
  readonly rows: ReadonlyMap<number, PlayerCells>;
}

/** Applies a delta. @returns undefined where a version is missing, and the cells must be read again */
export function applyCells(state: CellsState, delta: CellsDelta): CellsState | undefined {
  if (delta.version <= state.version) return state;
  if (delta.previous !== state.version) return undefined;
  const rows = new Map(state.rows);
  for (const playerId of delta.removed) rows.delete(playerId);
  for (const row of delta.changed) rows.set(row.playerId, row);
  return { version: delta.version, problems: delta.problems ?? state.problems, rows };
}
