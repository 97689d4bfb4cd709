import type { Queries } from '../../db/database.ts';
import type { EventDraft } from '../../events/draft.ts';
import { prepare } from '../../events/prepare.ts';
import type { Precondition } from '../../log/append-statement.ts';
import type { PlatformClock } from '../../platform/clock.ts';
import { type CellsContest, readSubmissions, type Submission } from '../../platform/submissions.ts';
import type { Cell } from '../../protocol/cells.ts';
import { CellsBoard } from '../cells/cells-board.ts';
import { advanceCells, cellsJson, readStoredCells } from '../cells/cells-rows.ts';
import { cellsOf, hiddenFrom, type OpenedProblems } from '../cells/player-cells.ts';
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
 * Reads the problems whose cells a freeze hides, by player.
 * @param opened what a reveal has opened
 */
export async function readHiddenNow(
  { database, clock }: CellOpenerOptions,
  contestId: number,
  contest: CellsContest,
  players: ReadonlySet<number> | 'all',
  opened: OpenedCells['problems'] = new Map(),
): Promise<Map<number, number[]>> {
  const byPlayer = new Map<number, Submission[]>();
  for (const submission of await readSubmissions(database, clock, contestId, players)) {
    const own = byPlayer.get(submission.playerId);
    if (own) own.push(submission);
    else byPlayer.set(submission.playerId, [submission]);
  }
  const since = hiddenFrom(contest);
  return new Map(
    [...byPlayer].map(([playerId, own]) => [
      playerId,
      [...cellsOf(own, contest, since, opened.get(playerId)).hidden.keys()],
    ]),
  );
}

/**
 * Computes what a step of a reveal opens, from the submissions to its problems. With the total of a row, cells are opened that
 * became hidden since the reveal was opened. Nothing is published of the cells where no reader has requested them.
 *
 * @param opened what earlier steps have opened
 */
export async function openCells(
  options: CellOpenerOptions,
  contestId: number,
  contest: CellsContest,
  opened: OpenedCells['problems'],
  { playerId, problems: known, settles }: RevealTarget,
): Promise<OpenedRow> {
  const { database, clock } = options;
  const now = settles
    ? await readHiddenNow(options, contestId, contest, new Set([playerId]), opened)
    : new Map<number, number[]>();
  const problems = [...new Set([...known, ...(now.get(playerId) ?? [])])];
  if (problems.length === 0) return { cells: [], drafts: [], preconditions: [] };
  const submissions = await readSubmissions(database, clock, contestId, 'all', problems);
  const boardOf = (open: OpenedCells['problems']) => {
    const board = new CellsBoard();
    board.replace('all', submissions, contest, true, open);
    return board;
  };
  const before = boardOf(opened);
  const earlier = opened.get(playerId) ?? [];
  const own: OpenedProblems = settles || earlier === 'all' ? 'all' : new Set([...earlier, ...problems]);
  const after = boardOf(new Map([...opened, [playerId, own]]));
  // Others are no longer the first to solve a problem, or are known to be it now.
  const players = [...after.players].filter(
    (id) => id === playerId || cellsJson(before.cells(id) ?? []) !== cellsJson(after.cells(id) ?? []),
  );
  const cells = after.cells(playerId) ?? [];
  const stored = await readStoredCells(database, contestId, 'shown', new Set(players));
  if (!stored || players.length === 0) return { cells, drafts: [], preconditions: [] };
  const changed = players.map((id) => {
    const published = JSON.parse(stored.rows.get(id) ?? '[]') as Cell[];
    const others = published.filter(({ problemId }) => !problems.includes(problemId));
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
