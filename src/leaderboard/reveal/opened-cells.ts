import type { Queries } from '../../db/database.ts';
import type { EventDraft } from '../../events/draft.ts';
import { prepare } from '../../events/prepare.ts';
import type { Precondition } from '../../log/append-statement.ts';
import type { PlatformClock } from '../../platform/clock.ts';
import { type CellsContest, readSubmissions } from '../../platform/submissions.ts';
import type { Cell } from '../../protocol/cells.ts';
import { CellsBoard } from '../cells/cells-board.ts';
import { advanceCells, cellsJson, readStoredCells } from '../cells/cells-rows.ts';
import type { RevealTarget } from './reveal-order.ts';
import type { OpenedCells } from './reveal-rows.ts';

export interface CellOpenerOptions {
  readonly database: Pick<Queries, 'query'>;
  readonly clock: PlatformClock;
}

/** Cells that a step opens, and what it publishes of them. */
export interface OpenedRow {
  readonly cells: readonly Cell[];
  readonly drafts: readonly EventDraft[];
  readonly preconditions: readonly Precondition[];
}

/**
 * Computes what a step of a reveal opens, from the submissions to its problems. Nothing is published of the cells where no
 * reader has requested them.
 *
 * @param opened what earlier steps have opened
 */
export async function openCells(
  { database, clock }: CellOpenerOptions,
  contestId: number,
  contest: CellsContest,
  opened: OpenedCells['problems'],
  { playerId, problems }: RevealTarget,
): Promise<OpenedRow> {
  if (problems.length === 0) return { cells: [], drafts: [], preconditions: [] };
  const submissions = await readSubmissions(database, clock, contestId, 'all', problems);
  const boardOf = (open: OpenedCells['problems']) => {
    const board = new CellsBoard();
    board.replace('all', submissions, contest, true, open);
    return board;
  };
  const before = boardOf(opened);
  const own = new Set([...(opened.get(playerId) ?? []), ...problems]);
  const after = boardOf(new Map([...opened, [playerId, own]]));
  // Others are no longer the first to solve a problem, or are known to be it now.
  const players = [...after.players].filter(
    (id) => id === playerId || cellsJson(before.cells(id) ?? []) !== cellsJson(after.cells(id) ?? []),
  );
  const cells = after.cells(playerId) ?? [];
  const stored = await readStoredCells(database, contestId, 'shown', new Set(players));
  if (!stored || players.length === 0) return { cells, drafts: [], preconditions: [] };
  const changed = players.map((id) => {
    const known = JSON.parse(stored.rows.get(id) ?? '[]') as Cell[];
    const others = known.filter(({ problemId }) => !problems.includes(problemId));
    const merged = [...others, ...(after.cells(id) ?? [])].sort((a, b) => a.problemId - b.problemId);
    return { playerId: id, cells: merged };
  });
  const delta = { contestId, previous: stored.version, version: stored.version + 1, changed, removed: [] };
  return {
    cells,
    drafts: [prepare('CELLS_UPDATE', delta, { internal: true })],
    preconditions: advanceCells(contestId, 'shown', stored.version, {
      problems: stored.problems,
      changed: changed.map((row) => [row.playerId, cellsJson(row.cells)] as const),
      removed: [],
    }),
  };
}
