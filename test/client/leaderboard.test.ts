import { afterEach, describe, expect, it, vi } from 'vitest';
import { Emitter } from '../../src/client/emitter.ts';
import { createBoard } from '../../src/client/leaderboard.ts';
import type { BoardView, LiveClient, LiveEvents } from '../../src/client/types.ts';
import type { Notification } from '../../src/protocol/event.ts';
import type {
  LeaderboardDelta,
  LeaderboardRow,
  LeaderboardSnapshot,
} from '../../src/protocol/leaderboard.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

const standing = (playerId: number, rank: number, finalRating = 100 - rank): LeaderboardRow =>
  leaderboardRow(playerId, rank, finalRating, { problemsSolved: 0 });

describe('A board', () => {
  const emitter = new Emitter<LiveEvents>((error) => {
    throw error;
  });
  const resync = vi.fn(async () => {});
  const client = {
    state: 'open',
    scopes: ['player:me'],
    on: (event: keyof LiveEvents, listener: never) => emitter.on(event, listener),
    resync,
  } as unknown as LiveClient;
  let time = 1_000;
  const create = () => createBoard(client, 3, () => time);

  const snapshot = (
    version: number,
    rows: readonly LeaderboardRow[],
    more: Partial<LeaderboardSnapshot> = {},
  ) =>
    emitter.emit('leaderboard-snapshot', {
      contestId: 3,
      version,
      frozen: false,
      total: rows.length,
      rows,
      ...more,
    });
  const update = (delta: Partial<LeaderboardDelta> & Pick<LeaderboardDelta, 'previous' | 'version'>) =>
    emitter.emit('leaderboard-update', {
      data: { contestId: 3, total: 3, changed: [], removed: [], shifts: [], ...delta },
    } as unknown as Notification<'LEADERBOARD_UPDATE'>);
  const ranks = (view: BoardView | undefined) => view?.rows.map(({ playerId, rank }) => [playerId, rank]);

  afterEach(() => {
    emitter.clear();
    resync.mockClear();
  });

  it('asks for a new stream where the one there is has brought its standings already', () => {
    create();
    expect(resync).not.toHaveBeenCalled();
    for (const [state, times] of [
      ['connecting', 0],
      ['catching-up', 1],
      ['open', 1],
      ['waiting', 0],
    ] as const) {
      resync.mockClear();
      const listening = { ...client, state, scopes: ['player:me', 'contest:3:leaderboard'] } as LiveClient;
      createBoard(listening, 3);
      expect([state, resync.mock.calls.length]).toEqual([state, times]);
    }
  });

  it('is unknown until its snapshot', () => {
    const board = create();
    expect(board.view).toBeUndefined();
    update({ previous: 1, version: 2, changed: [standing(1, 1)] });
    expect(board.view).toBeUndefined();
    snapshot(4, [standing(2, 2), standing(1, 1)]);
    expect(ranks(board.view)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('follows each change, and says how rows moved', () => {
    const board = create();
    snapshot(1, [standing(1, 1), standing(2, 2), standing(3, 3)]);
    const untouched = board.view?.rows[2];
    time = 2_000;
    update({
      previous: 1,
      version: 2,
      changed: [standing(2, 1, 500)],
      shifts: [{ from: 1, to: 1, by: 1 }],
    });
    expect(ranks(board.view)).toEqual([
      [2, 1],
      [1, 2],
      [3, 3],
    ]);
    expect(board.view?.rows.map(({ previousRank, changedAt }) => [previousRank, changedAt])).toEqual([
      [2, 2_000],
      [1, 2_000],
      [undefined, undefined],
    ]);
    // A row of which nothing changed is the same object, so that nothing of it is drawn again.
    expect(board.view?.rows[2]).toBe(untouched);
  });

  it('is one object until it changes, and tells when it does', () => {
    const board = create();
    let told = 0;
    const stop = board.subscribe(() => told++);
    snapshot(1, [standing(1, 1)]);
    const { view } = board;
    expect(board.view).toBe(view);
    update({ previous: 0, version: 1 });
    expect(board.view).toBe(view);
    update({ previous: 1, version: 2, removed: [1], total: 0 });
    expect(board.view).not.toBe(view);
    expect(board.view?.rows).toEqual([]);
    expect(told).toBe(2);
    stop();
    snapshot(3, []);
    expect(told).toBe(2);
  });

  it('asks for a fresh stream when it missed something, and shows meanwhile that it is behind', () => {
    const board = create();
    snapshot(1, [standing(1, 1)]);
    update({ previous: 2, version: 3, changed: [standing(1, 2)], shifts: [{ from: 1, to: 1, by: 1 }] });
    expect(resync).toHaveBeenCalledTimes(1);
    expect(board.view).toMatchObject({ version: 1, stale: true });
    update({ previous: 3, version: 4 });
    expect(resync).toHaveBeenCalledTimes(1);
    snapshot(4, [standing(1, 5)]);
    expect(board.view).toMatchObject({ version: 4, stale: false });
  });

  it('asks for a fresh stream when a change with shifts follows a version that it is past', () => {
    const board = create();
    snapshot(2, [standing(1, 1), standing(2, 2)]);
    // Its shifts refer to the ranks of version 1, which this board no longer has.
    update({ previous: 1, version: 3, changed: [standing(3, 1)], shifts: [{ from: 1, to: 2, by: 1 }] });
    expect(resync).toHaveBeenCalledTimes(1);
    expect(board.view).toMatchObject({ version: 2, stale: true });
    expect(ranks(board.view)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('takes a change that says of each row how it stands now, whatever it missed before', () => {
    const board = create();
    snapshot(1, [standing(1, 1), standing(2, 2)]);
    update({ previous: 0, version: 7, changed: [standing(2, 1), standing(1, 2)] });
    expect(resync).not.toHaveBeenCalled();
    expect(ranks(board.view)).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });

  it('does not go back to an older snapshot, unless history was lost', () => {
    const board = create();
    snapshot(5, [standing(1, 1)]);
    snapshot(4, [standing(1, 9)]);
    expect(board.view?.version).toBe(5);
    emitter.emit('reset', { lost: { after: null, through: 9 }, stale: [] });
    expect(board.view?.stale).toBe(true);
    snapshot(2, [standing(1, 3)]);
    expect(board.view).toMatchObject({ version: 2, stale: false });
  });

  it('tells that the standings are frozen, and that they move again', () => {
    const board = create();
    snapshot(1, [standing(1, 1)]);
    const freeze = (frozen: boolean) =>
      emitter.emit('leaderboard-freeze', {
        data: { contestId: 3, frozen, version: 1 },
      } as unknown as Notification<'LEADERBOARD_FREEZE'>);
    freeze(true);
    expect(board.view?.frozen).toBe(true);
    freeze(false);
    expect(board.view?.frozen).toBe(false);
  });

  it('minds its own contest only, and nothing once it is closed', () => {
    const board = create();
    snapshot(1, [standing(1, 1)]);
    snapshot(9, [], { contestId: 4 });
    expect(board.view?.version).toBe(1);
    board.close();
    snapshot(2, []);
    expect(board.view?.version).toBe(1);
  });
});
