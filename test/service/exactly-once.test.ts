import { describe, expect, it, vi } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { seededRandom } from '../support/random.ts';
import { note, prepareService } from '../support/service.ts';
import { startCuttingProxy } from '../support/wire/cutting-proxy.ts';
import { listen } from '../support/wire/listener.ts';

describe('A stream', () => {
  const live = prepareService();

  it('delivers every event once and in order over 100 cuts at arbitrary bytes', {
    timeout: 60_000,
  }, async () => {
    const { userId, playerId } = await createPlayer(live.test.database);
    const random = seededRandom();
    let planned = 100;
    const proxy = await startCuttingProxy(live.url, () =>
      planned-- > 0 ? 400 + Math.floor(random() * 3_000) : undefined,
    );
    const sent: string[] = [];
    const client = listen(`${proxy.url}/streams/players/me?types=ANNOUNCEMENT`, await live.token(userId));
    await client.ready();
    let number = 0;
    while (proxy.cuts() < 100) {
      const titles = Array.from({ length: 1 + Math.floor(random() * 5) }, () => `n${number++}`);
      const response = await live.publish(titles.map((title) => note(playerId, title)));
      expect(response.status).toBe(201);
      sent.push(...titles);
    }
    await vi.waitFor(() => expect(client.received.length).toBeGreaterThanOrEqual(sent.length), {
      timeout: 20_000,
    });
    client.close();
    await proxy.close();
    expect(client.received.map((one) => one.title)).toEqual(sent);
    expect(client.opened.every((open) => open.recovered)).toBe(true);
    expect(client.opened.length).toBeGreaterThan(50);
  });
});
