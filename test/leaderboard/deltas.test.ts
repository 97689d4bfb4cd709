import { describe, expect, it } from 'vitest';
import { MAX_DATA_BYTES } from '../../src/events/prepare.ts';
import { type DeltaContext, deltasOf, missedDelta } from '../../src/leaderboard/deltas.ts';
import type { LeaderboardDelta, LeaderboardRow } from '../../src/protocol/leaderboard.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

/** Bounds as readers and the log meet them, stated apart from the code: 3 MiB a chain, 10,000 items a delta. */
const CHAIN_BYTES = 3 * 1024 * 1024;
const ITEMS = 10_000;
const FRAME_BYTES = 512;

const row = (playerId: number, playerName = 'Ada'): LeaderboardRow =>
  leaderboardRow(playerId, 1, 1, { playerName });
/** A row that takes so many bytes in a delta, with its comma. */
const rowOf = (bytes: number) => row(1, 'a'.repeat(bytes - JSON.stringify(row(1, '')).length - 1));
const context: DeltaContext = { contestId: 3, from: 5, after: 7, audience: 'all' };
const NOTHING = '[[],[]]'.length + FRAME_BYTES;

interface Rows {
  readonly changed?: readonly LeaderboardRow[];
  readonly removed?: readonly number[];
  readonly shifts?: LeaderboardDelta['shifts'];
}
const step = ({ changed = [], removed = [], shifts = [] }: Rows) => ({ changed, removed, shifts, total: 9 });
const pagesOf = (rows: Rows) => deltasOf(step(rows), context)?.map(({ changed }) => changed.length);

describe('The deltas of a step', () => {
  const shifts = [{ from: 1, to: 4, by: 2 }];

  it('are one where everything fits, from the readers’ version to the next', () => {
    const changed = [row(1), row(2)];
    const delta = { contestId: 3, previous: 5, version: 8, total: 9, changed, removed: [4], shifts };
    expect(deltasOf(step({ changed, removed: [4], shifts }), context)).toEqual([delta]);
    expect(deltasOf(step({ changed, removed: [4], shifts }), { ...context, audience: 'real' })).toEqual([
      { ...delta, real: true },
    ]);
  });

  it('are one also where no row changed', () => {
    expect(pagesOf({ removed: [1] })).toEqual([0]);
  });

  it('continue one another; the first alone removes and shifts', () => {
    const row = rowOf(MAX_DATA_BYTES / 2);
    const deltas = deltasOf(step({ changed: [row, row, row], removed: [4], shifts }), context);
    expect(deltas?.map(({ changed, total, ...rest }) => [changed.length, total, rest])).toEqual([
      [1, 9, { contestId: 3, previous: 5, version: 8, removed: [4], shifts }],
      [1, 9, { contestId: 3, previous: 8, version: 9, removed: [], shifts: [] }],
      [1, 9, { contestId: 3, previous: 9, version: 10, removed: [], shifts: [] }],
    ]);
  });

  it('fill each delta to its last byte, whatever the letters', () => {
    const wide = row(1, 'ä'.repeat(1_000));
    const room = MAX_DATA_BYTES - NOTHING - Buffer.byteLength(JSON.stringify(wide)) - 1;
    expect(pagesOf({ changed: [rowOf(room), wide] })).toEqual([2]);
    expect(pagesOf({ changed: [rowOf(room + 1), wide] })).toEqual([1, 1]);
  });

  it('fill the deltas after the first to their last byte', () => {
    const full = rowOf(MAX_DATA_BYTES - NOTHING);
    const most = rowOf(MAX_DATA_BYTES - FRAME_BYTES - 1_000);
    expect(pagesOf({ changed: [full, most, rowOf(1_000)] })).toEqual([1, 2]);
    expect(pagesOf({ changed: [full, most, rowOf(1_001)] })).toEqual([1, 1, 1]);
    expect(pagesOf({ changed: [full, most, rowOf(999), rowOf(300)] })).toEqual([1, 2, 1]);
  });

  it('leave room in the first for what it removes and shifts', () => {
    const removed = [1_234_567];
    const reserved = JSON.stringify([removed, shifts]).length + FRAME_BYTES;
    const row = rowOf(MAX_DATA_BYTES - reserved - 1_000);
    expect(pagesOf({ changed: [row, rowOf(1_000)], removed, shifts })).toEqual([2]);
    expect(pagesOf({ changed: [row, rowOf(1_001)], removed, shifts })).toEqual([1, 1]);
  });

  it('are none where the chain would be too long', () => {
    const size = CHAIN_BYTES / 16;
    const rows = (count: number) => Array.from({ length: count }, () => rowOf(size));
    expect(pagesOf({ changed: rows(16) })).toBeDefined();
    expect(pagesOf({ changed: [...rows(15), rowOf(size + 1)] })).toBeUndefined();
  });

  it('are none where more is removed or shifted than one delta may hold', () => {
    const removed = (length: number) => Array.from({ length }, () => 1);
    expect(pagesOf({ removed: removed(ITEMS) })).toEqual([0]);
    expect(pagesOf({ removed: removed(ITEMS + 1) })).toBeUndefined();
    const shift = { from: 1, to: 1, by: 1 };
    const shiftsOf = (length: number) => Array.from({ length }, () => shift);
    expect(pagesOf({ shifts: shiftsOf(ITEMS) })).toBeDefined();
    expect(pagesOf({ shifts: shiftsOf(ITEMS + 1) })).toBeUndefined();
  });

  it('are none where what is removed and shifted takes more than half of a delta', () => {
    const shifts = Array.from({ length: 6_000 }, () => ({ from: 1, to: 1, by: 2 ** 53 - 1 }));
    const digits = MAX_DATA_BYTES / 2 - FRAME_BYTES - JSON.stringify([[], shifts]).length;
    // Each id of nine digits takes ten bytes with its comma; the last one fills up to the limit.
    const ids = Array.from({ length: Math.floor(digits / 10) - 1 }, () => 123_456_789);
    const last = digits - ids.length * 10;
    expect(pagesOf({ removed: [...ids, 10 ** (last - 1)], shifts })).toEqual([0]);
    expect(pagesOf({ removed: [...ids, 10 ** last], shifts })).toBeUndefined();
  });
});

describe('A missed delta', () => {
  it('has the version that readers load, and nothing else', () => {
    const missed = { contestId: 3, previous: 8, version: 9, total: 4, changed: [], removed: [], shifts: [] };
    expect(missedDelta(3, 9, 4, 'all')).toEqual(missed);
    expect(missedDelta(3, 9, 4, 'real')).toEqual({ ...missed, real: true });
  });
});
