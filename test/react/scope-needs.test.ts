import { describe, expect, it } from 'vitest';
import type { ScopeInput } from '../../src/client/types.ts';
import { createScopeNeeds } from '../../src/react/session/scope-needs.ts';

describe('The scopes that hooks need', () => {
  const turn = () => new Promise<void>((done) => setImmediate(done));
  function recorder(refuse: (scopes: readonly ScopeInput[]) => boolean = () => false) {
    const told: string[] = [];
    const client = {
      async setScopes(scopes: readonly ScopeInput[]) {
        told.push(scopes.join(' '));
        if (refuse(scopes)) throw new Error('refused');
      },
    };
    return { told, needs: createScopeNeeds(client, ['player:me']) };
  }

  it('become one change of the connection, however many ask in one turn', async () => {
    const { told, needs } = recorder();
    needs.add('contest:3');
    needs.add('contest:3');
    needs.add('contest:3:leaderboard');
    await turn();
    expect(told).toEqual(['player:me contest:3 contest:3:leaderboard']);
  });

  it('stay while somebody needs them, and what is always heard stays for ever', async () => {
    const { told, needs } = recorder();
    const [first, second, always] = [needs.add('contest:3'), needs.add('contest:3'), needs.add('player:me')];
    await turn();
    first();
    first();
    always();
    await turn();
    expect(told).toEqual(['player:me contest:3']);
    second();
    await turn();
    expect(told.at(-1)).toBe('player:me');
  });

  it('change nothing when a page swaps something for the same, as in strict mode', async () => {
    const { told, needs } = recorder();
    const release = needs.add('contest:3');
    await turn();
    release();
    needs.add('contest:3');
    await turn();
    expect(told).toHaveLength(1);
  });

  it('are asked for again after a refusal', async () => {
    const { told, needs } = recorder((scopes) => scopes.includes('contest:9'));
    const release = needs.add('contest:9');
    await turn();
    release();
    await turn();
    expect(told).toEqual(['player:me contest:9', 'player:me']);
  });
});
