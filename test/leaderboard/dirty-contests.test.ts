import { describe, expect, it, vi } from 'vitest';
import { DirtyContests } from '../../src/leaderboard/dirty-contests.ts';

describe('Dirty contests', () => {
  it('are reported when they become dirty, and not again until they are taken', () => {
    const onDirty = vi.fn();
    const dirty = new DirtyContests(onDirty);
    dirty.mark(3, 7);
    dirty.mark(3, 8);
    expect(onDirty).toHaveBeenCalledTimes(1);
    expect(dirty.take(3)).toEqual(new Set([7, 8]));
    expect([...dirty.entries()]).toEqual([]);
    dirty.mark(3, 7);
    expect(onDirty).toHaveBeenCalledTimes(2);
  });

  it('name their dirty players, up to a thousand; beyond it all players are dirty', () => {
    const dirty = new DirtyContests(() => {});
    for (let playerId = 1; playerId <= 1_000; playerId++) dirty.mark(3, playerId);
    expect(dirty.take(3)).toHaveProperty('size', 1_000);
    for (let playerId = 1; playerId <= 1_001; playerId++) dirty.mark(3, playerId);
    expect(dirty.take(3)).toBe('all');
    dirty.mark(3);
    dirty.mark(3, 7);
    expect(dirty.take(3)).toBe('all');
  });

  it('wait until the latest time that was asked for', () => {
    const dirty = new DirtyContests(() => {});
    dirty.mark(3, 7, 500);
    dirty.mark(3, 8);
    dirty.mark(4);
    expect([...dirty.entries()]).toEqual([
      [3, 500],
      [4, 0],
    ]);
    dirty.clear();
    expect([...dirty.entries()]).toEqual([]);
  });
});
