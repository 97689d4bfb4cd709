import { describe, expect, it } from 'vitest';
import { Emitter } from '../../src/client/emitter.ts';
import type { LiveClient, LiveEvents, ScopeInput } from '../../src/client/types.ts';
import { createScopeNeeds } from '../../src/react/session/scope-needs.ts';
import { createSharedLeaderboards } from '../../src/react/session/shared-leaderboards.ts';
import { leaderboardRow } from '../support/leaderboard-row.ts';

describe('The leaderboards that components share', () => {
  const emitter = new Emitter<LiveEvents>((error) => {
    throw error;
  });
  const requested: string[] = [];
  let scopes: readonly ScopeInput[] = ['player:me'];
  let resyncs = 0;
  const client = {
    state: 'open',
    get scopes() {
      return scopes;
    },
    on: (event: keyof LiveEvents, listener: never) => emitter.on(event, listener),
    async setScopes(wanted: readonly ScopeInput[]) {
      scopes = wanted;
      requested.push(wanted.join(' '));
    },
    async resync() {
      resyncs++;
    },
  } as unknown as LiveClient;
  const leaderboards = createSharedLeaderboards(client, createScopeNeeds(client, scopes));
  const turn = () => new Promise<void>((done) => setImmediate(done));
  const snapshot = () =>
    emitter.emit('leaderboard-snapshot', { contestId: 3, version: 1, frozen: false, total: 0, rows: [] });

  it('stay when one component takes the place of another that showed the same', async () => {
    const leave = leaderboards.subscribe(3, () => {});
    await turn();
    snapshot();
    const view = leaderboards.view(3);
    expect(view?.version).toBe(1);
    // As React does it: what goes is undone before what comes is begun.
    leave();
    const leaveToo = leaderboards.subscribe(3, () => {});
    await turn();
    expect(leaderboards.view(3)).toBe(view);
    expect(requested).toEqual(['player:me contest:3:leaderboard']);
    leaveToo();
    await turn();
    expect(leaderboards.view(3)).toBeUndefined();
    expect(requested.at(-1)).toBe('player:me');
    expect(resyncs).toBe(0);
  });

  it('have cells where a component asks for them, and their scope as long as one does', async () => {
    const leave = leaderboards.subscribe(4, () => {}, true);
    await turn();
    expect(requested.at(-1)).toBe('player:me contest:4:leaderboard contest:4:cells');
    emitter.emit('leaderboard-snapshot', {
      contestId: 4,
      version: 1,
      frozen: false,
      total: 1,
      rows: [leaderboardRow(1, 1, 10)],
    });
    const cells = [{ problemId: 5, attempts: 1 }];
    emitter.emit('cells-snapshot', {
      contestId: 4,
      version: 1,
      problems: [5],
      rows: [{ playerId: 1, cells }],
    });
    expect(leaderboards.view(4, true)).toMatchObject({ problems: [5], rows: [{ playerId: 1, cells }] });
    expect(leaderboards.view(4)).toBeUndefined();
    leave();
    await turn();
    expect(requested.at(-1)).toBe('player:me');
  });
});
