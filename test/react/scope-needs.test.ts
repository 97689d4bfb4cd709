import { describe, expect, it } from 'vitest';
import { LiveError } from '../../src/client/live-error.ts';
import type { ScopeInput } from '../../src/client/types.ts';
import { createScopeNeeds } from '../../src/react/session/scope-needs.ts';

describe('The scopes that hooks need', () => {
  const turn = () => new Promise<void>((done) => setImmediate(done));
  const refusal = () => new LiveError('not-found', 'refused', { status: 404 });
  function recorder(
    refuse: (scopes: readonly ScopeInput[]) => boolean = () => false,
    error: () => LiveError = refusal,
  ) {
    const requested: string[] = [];
    let opened = () => {};
    const client = {
      async setScopes(scopes: readonly ScopeInput[]) {
        requested.push(scopes.join(' '));
        if (refuse(scopes)) throw error();
      },
      on: (_event: unknown, listener: never) => {
        opened = listener;
        return () => {};
      },
    };
    return { requested, needs: createScopeNeeds(client, ['player:me']), open: () => opened() };
  }

  it('become one change of the connection, however many ask in one turn', async () => {
    const { requested, needs } = recorder();
    needs.add('contest:3');
    needs.add('contest:3');
    needs.add('contest:3:leaderboard');
    await turn();
    expect(requested).toEqual(['player:me contest:3 contest:3:leaderboard']);
  });

  it('stay while a component needs them, and what is always requested stays for ever', async () => {
    const { requested, needs } = recorder();
    const [first, second, always] = [needs.add('contest:3'), needs.add('contest:3'), needs.add('player:me')];
    await turn();
    first();
    first();
    always();
    await turn();
    expect(requested).toEqual(['player:me contest:3']);
    second();
    await turn();
    expect(requested.at(-1)).toBe('player:me');
  });

  it('change nothing when a page swaps something for the same, as in strict mode', async () => {
    const { requested, needs } = recorder();
    const release = needs.add('contest:3');
    await turn();
    release();
    needs.add('contest:3');
    await turn();
    expect(requested).toHaveLength(1);
  });

  it('are one change more, however many were needed while one was under way', async () => {
    const requested: string[] = [];
    let settle = () => {};
    const client = {
      setScopes: (scopes: readonly ScopeInput[]) => {
        requested.push(scopes.join(' '));
        return new Promise<void>((done) => {
          settle = done;
        });
      },
      on: () => () => {},
    };
    const needs = createScopeNeeds(client, ['player:me']);
    const releases: (() => void)[] = [];
    for (let id = 1; id <= 60; id++) {
      releases.push(needs.add(`contest:${id}`));
      await turn();
    }
    expect(requested).toEqual(['player:me contest:1']);
    for (const release of releases.slice(0, 40)) release();
    settle();
    await turn();
    expect(requested).toHaveLength(2);
    expect(requested[1]?.split(' ')).toHaveLength(21);
    settle();
    await turn();
    expect(requested).toHaveLength(2);
  });

  it('may be none, and some again', async () => {
    const requested: string[] = [];
    const client = {
      setScopes: async (scopes: readonly ScopeInput[]) => void requested.push(scopes.join(' ')),
      on: () => () => {},
    };
    const bare = createScopeNeeds(client, []);
    bare.add('contest:1')();
    await turn();
    expect(requested).toEqual([]);
    const release = bare.add('contest:2');
    await turn();
    release();
    await turn();
    expect(requested).toEqual(['contest:2', '']);
  });

  it('are asked for again when the connection is there after all, having been refused as a whole', async () => {
    for (const error of [
      () => new LiveError('token-expired', 'late', { status: 401 }),
      () => new LiveError('closed', 'the connection is closed'),
    ]) {
      let refused = true;
      const { requested, needs, open } = recorder(() => refused, error);
      needs.add('contest:3');
      await turn();
      refused = false;
      const before = requested.length;
      open();
      await turn();
      expect(requested.slice(before)).toEqual(['player:me contest:3']);
      open();
      await turn();
      expect(requested).toHaveLength(before + 1);
    }
  });

  it('are asked for again after a refusal', async () => {
    const { requested, needs } = recorder((scopes) => scopes.includes('contest:9'));
    const release = needs.add('contest:9');
    await turn();
    release();
    await turn();
    expect(requested).toEqual(['player:me contest:9', 'player:me']);
  });
});
