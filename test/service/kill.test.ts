import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { seededRandom } from '../support/random.ts';
import { environment, note, publishTo, SECRET, serviceTokenOf } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { listen } from '../support/wire/listener.ts';

describe('A service that is killed with -9 in the middle of publishing', () => {
  const test = prepareDatabase();
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess(environment(test.url));
  });
  afterAll(() => service.kill());

  it('loses nothing that was answered 2xx, and repeats nothing on any stream', {
    timeout: 180_000,
  }, async () => {
    const serviceToken = await serviceTokenOf(SECRET);
    const players = await Promise.all(Array.from({ length: 3 }, () => createPlayer(test.database)));
    const clients = await Promise.all(
      players.map(async ({ userId }) =>
        listen(
          `${service.url}/streams?scope=player:me&scope=global`,
          await mintPlatformToken(SECRET, userId),
        ),
      ),
    );
    await Promise.all(clients.map((client) => client.ready()));

    const accepted = new Map(players.map(({ playerId }) => [playerId, [] as string[]]));
    let over = false;
    const publishers = players.map(async ({ playerId }) => {
      for (let number = 0; !over; number++) {
        const title = `${playerId}/${number}`;
        // An unanswered call may have been carried out: a repeat with its key makes sure, and doubles nothing.
        for (let answered = false; !answered; ) {
          const event = { ...note(playerId, title), idempotencyKey: title };
          const response = await publishTo(service.url, serviceToken, event).catch(() => undefined);
          answered = response?.ok === true;
          if (!answered && over) return;
          if (!answered) await new Promise((resolve) => setTimeout(resolve, 10));
        }
        accepted.get(playerId)?.push(title);
      }
    });
    const total = () => [...accepted.values()].reduce((sum, list) => sum + list.length, 0);
    const random = seededRandom();
    for (let round = 0; round < 4; round++) {
      const goal = total() + 60 + Math.floor(random() * 60);
      await vi.waitFor(() => expect(total()).toBeGreaterThan(goal), { timeout: 20_000, interval: 1 });
      await service.kill();
      await service.start();
    }
    over = true;
    await Promise.all(publishers);

    for (const [index, { playerId }] of players.entries()) {
      const client = clients[index] as (typeof clients)[number];
      const expected = accepted.get(playerId) as string[];
      await vi.waitFor(() => expect(client.received.length).toBeGreaterThanOrEqual(expected.length), {
        timeout: 20_000,
      });
      const titles = client.received.map((one) => one.title);
      // The last call may have been carried out although its answer never came.
      expect(titles.slice(0, expected.length)).toEqual(expected);
      expect(titles.length - expected.length).toBeLessThanOrEqual(1);
      const ids = client.received.map((one) => one.id);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      expect(client.opened.every((open) => open.recovered)).toBe(true);
      expect(client.opened.length).toBeGreaterThan(4);
      client.close();
    }
  });
});
