import { afterEach, describe, expect, it, vi } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { connect } from '../../src/client/connect.ts';
import { open, record } from '../support/client/recording.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { environment, note, publishTo, SECRET, serviceTokenOf, startService } from '../support/service.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { startCuttingProxy } from '../support/wire/cutting-proxy.ts';

const QUICK = { firstMs: 20, mostMs: 200 };

describe('A client', { timeout: 90_000 }, () => {
  const after: (() => unknown)[] = [];
  afterEach(async () => {
    for (const release of after.splice(0).reverse()) await release();
  });

  async function connected(url: string, token: string) {
    const client = connect({ url, scopes: ['player:me'], getToken: () => token, backoff: QUICK });
    after.push(() => client.close());
    const received = record(client);
    await open(client);
    return { client, received };
  }

  it('says so when the service is killed, comes back with it, and has missed and doubled nothing', async () => {
    const test = await createTestDatabase();
    after.push(() => test.drop());
    const service = await startServiceProcess(environment(test.url));
    after.push(() => service.kill());
    const serviceToken = await serviceTokenOf(SECRET);
    const { userId, playerId } = await createPlayer(test.database);
    const token = await mintPlatformToken(SECRET, userId);
    const { client, received } = await connected(service.url, token);

    const sent: string[] = [];
    let over = false;
    const publishing = (async () => {
      while (!over) {
        const title = `${sent.length}`;
        const event = { ...note(playerId, title), idempotencyKey: title };
        const response = await publishTo(service.url, serviceToken, event).catch(() => undefined);
        if (response?.ok) sent.push(title);
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    for (let round = 0; round < 2; round++) {
      const goal = sent.length + 30;
      await vi.waitFor(() => expect(sent.length).toBeGreaterThan(goal), { interval: 1 });
      await service.kill();
      await vi.waitFor(() => expect(['waiting', 'connecting']).toContain(client.state), { interval: 1 });
      await service.start();
      await open(client);
    }
    over = true;
    await publishing;
    await vi.waitFor(() => expect(received.notifications.length).toBeGreaterThanOrEqual(sent.length));
    expect(received.titles()).toEqual(sent);
    expect(received.resets).toEqual([]);
    expect(received.states).toContain('waiting');
  });

  it('notices a connection that only seems open', async () => {
    const live = await startService({ HEARTBEAT_INTERVAL: '1000' });
    after.push(() => live.close());
    const proxy = await startCuttingProxy(live.url, () => undefined);
    after.push(() => proxy.close());
    const { userId, playerId } = await createPlayer(live.test.database);
    const token = await live.token(userId);
    const { received } = await connected(proxy.url, token);
    proxy.silence();
    await live.publish(note(playerId, 'into the silence'));
    await vi.waitFor(() => expect(received.titles()).toEqual(['into the silence']));
    expect(received.errors).toEqual(['silent']);
    expect(received.opened).toHaveLength(2);
  });

  it('changes its scopes though its player has all the streams there may be', async () => {
    const live = await startService({ MAX_STREAMS_PER_PLAYER: '1' });
    after.push(() => live.close());
    const { userId, playerId } = await createPlayer(live.test.database);
    const token = await live.token(userId);
    const { client, received } = await connected(live.url, token);
    for (const scopes of [['player:me', 'global'], ['player:me'], ['player:me', 'global']] as const) {
      await live.publish(note(playerId, scopes.join()));
      await client.setScopes(scopes);
    }
    await vi.waitFor(() =>
      expect(received.titles()).toEqual(['player:me,global', 'player:me', 'player:me,global']),
    );
    expect(client.state).not.toBe('closed');
  });

  it('comes back to a service that is at its limit, when there is room', async () => {
    const live = await startService({ MAX_STREAMS: '1' });
    after.push(() => live.close());
    const token = await live.token((await createPlayer(live.test.database)).userId);
    const start = () =>
      connect({
        url: live.url,
        scopes: ['player:me'],
        getToken: () => token,
        backoff: { firstMs: 5, mostMs: 5 },
        random: () => 0,
      });
    const first = start();
    after.push(() => first.close());
    await open(first);
    const second = start();
    after.push(() => second.close());
    const received = record(second);
    await vi.waitFor(() =>
      expect(second.status).toMatchObject({ state: 'waiting', closeReason: 'shutdown' }),
    );
    // The service asks for seconds, which outweigh what the client would wait by itself.
    expect((second.status.retryAt ?? 0) - Date.now()).toBeGreaterThan(3_000);
    first.close();
    second.reconnect();
    await open(second);
    expect(received.opened).toHaveLength(1);
  });
});
