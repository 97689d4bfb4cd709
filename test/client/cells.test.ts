import { afterEach, expect, test } from 'vitest';
import { createBoard } from '../../src/client/leaderboard.ts';
import type { CellsDelta, CellsSnapshot } from '../../src/protocol/cells.ts';
import type { Notification } from '../../src/protocol/event.ts';
import { createListeningClient } from '../support/client/listening-client.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

const { emitter, resync, client } = createListeningClient();

afterEach(() => {
  emitter.clear();
  resync.mockClear();
});

const rows = () =>
  emitter.emit('leaderboard-snapshot', {
    contestId: 3,
    version: 1,
    frozen: false,
    total: 2,
    rows: [leaderboardRow(1, 1, 100), leaderboardRow(2, 2, 50)],
  });
const snapshot = (version: number, more: Partial<CellsSnapshot> = {}) =>
  emitter.emit('cells-snapshot', {
    contestId: 3,
    version,
    problems: [5, 6],
    rows: [{ playerId: 1, cells: [{ problemId: 5, attempts: 1 }] }],
    ...more,
  });
const update = (delta: Partial<CellsDelta> & Pick<CellsDelta, 'previous' | 'version'>) =>
  emitter.emit('cells-update', {
    data: { contestId: 3, changed: [], removed: [], ...delta },
  } as unknown as Notification<'CELLS_UPDATE'>);
const create = () => createBoard(client, 3, { cells: true });
const solved = [{ problemId: 5, attempts: 2, solvedAt: 40 }];

test('A row has its cells once they are known, and follows each change of them', () => {
  const leaderboard = create();
  rows();
  expect(leaderboard.view?.rows[0]).not.toHaveProperty('cells');
  snapshot(1);
  expect(leaderboard.view?.problems).toEqual([5, 6]);
  expect(leaderboard.view?.rows.map(({ cells }) => cells)).toEqual([[{ problemId: 5, attempts: 1 }], []]);
  update({ previous: 1, version: 2, changed: [{ playerId: 1, cells: solved }] });
  expect(leaderboard.view?.rows[0]?.cells).toEqual(solved);
  update({ previous: 2, version: 3, removed: [1], problems: [5, 6, 7] });
  expect(leaderboard.view).toMatchObject({ problems: [5, 6, 7], version: 1 });
  expect(leaderboard.view?.rows[0]?.cells).toEqual([]);
});

test('A row whose cells do not change stays the same object', () => {
  const leaderboard = create();
  rows();
  snapshot(1);
  const [first, second] = leaderboard.view?.rows ?? [];
  update({ previous: 1, version: 2, changed: [{ playerId: 1, cells: solved }] });
  expect(leaderboard.view?.rows[0]).not.toBe(first);
  expect(leaderboard.view?.rows[1]).toBe(second);
});

test('After a gap a fresh stream is asked for, and changes wait for its snapshot', () => {
  const leaderboard = create();
  rows();
  snapshot(1);
  update({ previous: 2, version: 3, changed: [{ playerId: 1, cells: [] }] });
  expect(resync).toHaveBeenCalledTimes(1);
  update({ previous: 3, version: 4 });
  expect(resync).toHaveBeenCalledTimes(1);
  snapshot(4, { rows: [{ playerId: 1, cells: solved }] });
  expect(leaderboard.view?.rows[0]?.cells).toEqual(solved);
});

test('An admin has the real cells, and not what players are shown beside them', () => {
  const leaderboard = create();
  rows();
  snapshot(7, { real: true });
  update({ previous: 7, version: 8, changed: [{ playerId: 1, cells: [] }] });
  expect(leaderboard.view?.rows[0]?.cells).toEqual([{ problemId: 5, attempts: 1 }]);
  update({ previous: 7, version: 8, changed: [{ playerId: 1, cells: solved }], real: true });
  expect(leaderboard.view?.rows[0]?.cells).toEqual(solved);
  expect(resync).not.toHaveBeenCalled();
});

test('A leaderboard without cells ignores them', () => {
  const leaderboard = createBoard(client, 3);
  rows();
  snapshot(1);
  expect(leaderboard.view?.rows[0]).not.toHaveProperty('cells');
  expect(leaderboard.view).not.toHaveProperty('problems');
});
