import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { LiveClient, ScopeInput } from '../../src/client/types.ts';
import { createSession } from '../../src/react/session/session.ts';
import { createContest, createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';

describe('A page with many hooks', { timeout: 60_000 }, () => {
  const live = prepareService({ MAX_SCOPES_PER_STREAM: '80' });
  let player: PlayerIds;
  let contests: ScopeInput[];
  let hidden: ScopeInput[];
  let requests: string[];
  let client: LiveClient;
  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    const scopeOf = (id: number): ScopeInput => `contest:${id}`;
    contests = [];
    while (contests.length < 60) contests.push(scopeOf(await createContest(live.test.database)));
    hidden = [];
    while (hidden.length < 5)
      hidden.push(scopeOf(await createContest(live.test.database, { isPublic: false })));
  }, 120_000);
  afterEach(() => client.close());

  async function page(always: readonly ScopeInput[]) {
    requests = [];
    const token = await live.token(player.userId);
    client = connect({
      url: live.url,
      scopes: always,
      getToken: () => token,
      start: false,
      fetch: (input, init) => {
        requests.push(String(input));
        return fetch(input, init);
      },
    });
    const session = createSession(client, always);
    return { add: (scopes: readonly ScopeInput[]) => scopes.map((scope) => session.needs.add(scope)) };
  }
  const isOpen = () => vi.waitFor(() => expect(client.state).toBe('open'));
  const receives = async (scope: ScopeInput) => {
    const title = `to ${scope}`;
    const received: string[] = [];
    const stop = client.on('announcement', (one) => received.push(one.title));
    const data = { title, message: 'm', contestId: Number(scope.split(':')[1]) };
    expect((await live.publish({ type: 'ANNOUNCEMENT', data })).status).toBe(201);
    await vi.waitFor(() => expect(received).toEqual([title]));
    stop();
  };

  it('receives all of them by one or two requests, though some are refused', async () => {
    const { add } = await page(['player:me', 'global']);
    add([...contests.slice(0, 30), ...hidden, ...contests.slice(30)]);
    client.start();
    await isOpen();
    await vi.waitFor(() => expect(client.status.refused).toHaveLength(hidden.length));
    expect(client.status.refused.map(({ scope }) => scope)).toEqual(hidden);
    await receives(contests[59] as ScopeInput);
    expect(requests.length).toBeLessThanOrEqual(3);
  });

  it('names those there is no room for, and receives them when there is', async () => {
    const { add } = await page(['player:me']);
    const released = add(contests);
    const leaderboards = add(
      contests.slice(0, 30).map((scope): ScopeInput => `${scope}:leaderboard` as ScopeInput),
    );
    const errors: (readonly string[])[] = [];
    client.on('error', ({ code, scopes }) => code === 'too-many-scopes' && errors.push(scopes));
    client.start();
    await isOpen();
    await vi.waitFor(() => expect(client.status.refused).toHaveLength(11));
    const named = client.status.refused.map(({ scope }) => scope);
    expect(errors.at(-1)).toEqual(named);
    expect(named).toContain(`${contests[29]}:leaderboard`);
    expect(requests.length).toBeLessThanOrEqual(4);
    for (const release of leaderboards) release();
    await vi.waitFor(() => expect(client.status.refused).toEqual([]));
    await receives(contests[59] as ScopeInput);
    expect(released).toHaveLength(60);
  });

  it('begins with nothing, and with the first hook', async () => {
    const { add } = await page([]);
    client.start();
    expect(client.state).toBe('idle');
    const [release] = add([contests[0] as ScopeInput]);
    await isOpen();
    await receives(contests[0] as ScopeInput);
    release?.();
    await vi.waitFor(() => expect(client.state).toBe('idle'));
    expect(requests).toHaveLength(1);
  });
});
