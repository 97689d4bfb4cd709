import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../support/database/database.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database/database-proxy.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { listen } from '../support/wire/listener.ts';

/** Statement by which the follower polls, and nothing else does while it runs. */
const POLL = 'SELECT head, epoch AS term, IF(tagged_head = head, tag, NULL) AS tag';

describe('A follower whose connection falls silent without being closed', () => {
  let proxy: DatabaseProxy;
  let live: TestService;
  beforeAll(async () => {
    const test = await createTestDatabase();
    proxy = await startDatabaseProxy(test.url);
    live = await startServiceOn(test, {}, proxy.url);
  });
  afterAll(async () => {
    await live?.close();
    await proxy?.close();
  });

  const follower = async () => {
    const response = await fetch(`${live.url}/ready`);
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    return { status: response.status, follower: checks.follower };
  };

  it('delays no commit of its own node for longer than a poll may take, and follows again', async () => {
    const { userId, playerId } = await createPlayer(live.test.database);
    const client = listen(`${live.url}/streams?scope=player:me`, await live.token(userId));
    onTestFinished(() => client.close());
    await client.ready();
    expect((await live.publish(note(playerId, 'before'))).status).toBe(201);
    await until(() => client.received.length === 1);
    for (let round = 0; round < 3; round += 1) {
      proxy.freezeAt(POLL);
      const title = `silent ${round}`;
      expect((await live.publish(note(playerId, title))).status).toBe(201);
      const began = performance.now();
      await until(() => client.received.at(-1)?.title === title);
      expect(performance.now() - began).toBeLessThan(6_000);
      await until(async () => (await follower()).follower === 'ok');
    }
  });

  it('is reported by /ready while no other connection can be opened', async () => {
    await until(async () => (await follower()).status === 200);
    await proxy.cut();
    await until(async () => {
      const { status, follower: check } = await follower();
      return status === 503 && check !== 'ok';
    });
    await proxy.restore();
    await until(async () => (await follower()).status === 200);
  });
});
