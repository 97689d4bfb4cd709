import { afterEach, describe, expect, it } from 'vitest';
import { createBoard } from '../../src/client/leaderboard.ts';
import type { BoardView, LiveClient } from '../../src/client/types.ts';
import type { Notification } from '../../src/protocol/event.ts';
import type {
  LeaderboardDelta,
  LeaderboardRow,
  LeaderboardSnapshot,
} from '../../src/protocol/leaderboard.ts';
import { createListeningClient } from '../support/client/listening-client.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

const row = (playerId: number, rank: number, finalRating = 100 - rank): LeaderboardRow =>
  leaderboardRow(playerId, rank, finalRating, { problemsSolved: 0 });

describe('A leaderboard', () => {
  const { emitter, resync, client } = createListeningClient();
  let time = 1_000;
  const create = () => createBoard(client, 3, { now: () => time });

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

  it('asks for a new stream where the present one has brought its snapshot already', () => {
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
    const leaderboard = create();
    expect(leaderboard.view).toBeUndefined();
    update({ previous: 1, version: 2, changed: [row(1, 1)] });
    expect(leaderboard.view).toBeUndefined();
    snapshot(4, [row(2, 2), row(1, 1)]);
    expect(ranks(leaderboard.view)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('follows each change, and reports how rows moved', () => {
    const leaderboard = create();
    snapshot(1, [row(1, 1), row(2, 2), row(3, 3)]);
    const untouched = leaderboard.view?.rows[2];
    time = 2_000;
    update({
      previous: 1,
      version: 2,
      changed: [row(2, 1, 500)],
      shifts: [{ from: 1, to: 1, by: 1 }],
    });
    expect(ranks(leaderboard.view)).toEqual([
      [2, 1],
      [1, 2],
      [3, 3],
    ]);
    expect(leaderboard.view?.rows.map(({ previousRank, changedAt }) => [previousRank, changedAt])).toEqual([
      [2, 2_000],
      [1, 2_000],
      [undefined, undefined],
    ]);
    // A row of which nothing changed is the same object, so that nothing of it is drawn again.
    expect(leaderboard.view?.rows[2]).toBe(untouched);
  });

  it('is one object until it changes, and notifies when it does', () => {
    const leaderboard = create();
    let notified = 0;
    const stop = leaderboard.subscribe(() => notified++);
    snapshot(1, [row(1, 1)]);
    const { view } = leaderboard;
    expect(leaderboard.view).toBe(view);
    update({ previous: 0, version: 1 });
    expect(leaderboard.view).toBe(view);
    update({ previous: 1, version: 2, removed: [1], total: 0 });
    expect(leaderboard.view).not.toBe(view);
    expect(leaderboard.view?.rows).toEqual([]);
    expect(notified).toBe(2);
    stop();
    snapshot(3, []);
    expect(notified).toBe(2);
  });

  it('asks for a fresh stream when it missed something, and shows meanwhile that it is behind', () => {
    const leaderboard = create();
    snapshot(1, [row(1, 1)]);
    update({ previous: 2, version: 3, changed: [row(1, 2)], shifts: [{ from: 1, to: 1, by: 1 }] });
    expect(resync).toHaveBeenCalledTimes(1);
    expect(leaderboard.view).toMatchObject({ version: 1, stale: true });
    update({ previous: 3, version: 4 });
    expect(resync).toHaveBeenCalledTimes(1);
    snapshot(4, [row(1, 5)]);
    expect(leaderboard.view).toMatchObject({ version: 4, stale: false });
  });

  it('asks for a fresh stream when a change with shifts follows a version that it is past', () => {
    const leaderboard = create();
    snapshot(2, [row(1, 1), row(2, 2)]);
    // Its shifts refer to the ranks of version 1, which this leaderboard no longer has.
    update({ previous: 1, version: 3, changed: [row(3, 1)], shifts: [{ from: 1, to: 2, by: 1 }] });
    expect(resync).toHaveBeenCalledTimes(1);
    expect(leaderboard.view).toMatchObject({ version: 2, stale: true });
    expect(ranks(leaderboard.view)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('takes a change that holds each row as it is now, whatever it missed before', () => {
    const leaderboard = create();
    snapshot(1, [row(1, 1), row(2, 2)]);
    update({ previous: 0, version: 7, changed: [row(2, 1), row(1, 2)] });
    expect(resync).not.toHaveBeenCalled();
    expect(ranks(leaderboard.view)).toEqual([
      [2, 1],
      [1, 2],
    ]);
  });

  it('does not go back to an older snapshot, unless history was lost', () => {
    const leaderboard = create();
    snapshot(5, [row(1, 1)]);
    snapshot(4, [row(1, 9)]);
    expect(leaderboard.view?.version).toBe(5);
    emitter.emit('reset', { lost: { after: null, through: 9 }, stale: [] });
    expect(leaderboard.view?.stale).toBe(true);
    snapshot(2, [row(1, 3)]);
    expect(leaderboard.view).toMatchObject({ version: 2, stale: false });
  });

  it('shows that it is frozen, and that it moves again', () => {
    const leaderboard = create();
    snapshot(1, [row(1, 1)]);
    const freeze = (frozen: boolean) =>
      emitter.emit('leaderboard-freeze', {
        data: { contestId: 3, frozen, version: 1 },
      } as unknown as Notification<'LEADERBOARD_FREEZE'>);
    freeze(true);
    expect(leaderboard.view?.frozen).toBe(true);
    freeze(false);
    expect(leaderboard.view?.frozen).toBe(false);
  });

  it('minds its own contest only, and nothing once it is closed', () => {
    const leaderboard = create();
    snapshot(1, [row(1, 1)]);
    snapshot(9, [], { contestId: 4 });
    expect(leaderboard.view?.version).toBe(1);
    leaderboard.close();
    snapshot(2, []);
    expect(leaderboard.view?.version).toBe(1);
  });
});
