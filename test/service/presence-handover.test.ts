import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { environment, SECRET } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

/** Two nodes with the default settings; the first is the leader, since it starts first. */
describe('Presence when the leader ends', () => {
  let test: TestDatabase;
  let nodes: ServiceProcess[];
  beforeEach(async () => {
    test = await createTestDatabase();
    nodes = [await startServiceProcess(environment(test.url))];
    nodes.push(await startServiceProcess(environment(test.url)));
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await test.drop();
  });

  async function arrive(node: ServiceProcess): Promise<{ playerId: number; leave(): void }> {
    const { userId, playerId } = await createPlayer(test.database);
    const left = new AbortController();
    const response = await fetch(`${node.url}/streams/players/me`, {
      headers: { authorization: `Bearer ${await mintPlatformToken(SECRET, userId)}` },
      signal: left.signal,
    });
    expect(response.status).toBe(200);
    void response.text().catch(() => {});
    return { playerId, leave: () => left.abort() };
  }

  /** How often the player was announced as online, and as offline. */
  async function announced(playerId: number): Promise<[online: number, offline: number]> {
    const rows = await test.database.query<{ data: string }>(
      "SELECT data FROM notification WHERE type = 'PLAYER_STATUS' ORDER BY id",
    );
    const count = (side: 'online' | 'offline') =>
      rows.filter(({ data }) =>
        (JSON.parse(data) as Record<typeof side, { playerId: number }[]>)[side].some(
          (one) => one.playerId === playerId,
        ),
      ).length;
    return [count('online'), count('offline')];
  }
  const isAnnounced = (playerId: number, counts: [number, number]) =>
    vi.waitFor(async () => expect(await announced(playerId)).toEqual(counts), {
      timeout: 60_000,
      interval: 100,
    });

  it.each(['terminate', 'kill'] as const)(
    'announces no player who stays as offline, and each who left once (%s)',
    { timeout: 180_000 },
    async (end) => {
      const [leader, other] = nodes as [ServiceProcess, ServiceProcess];
      const stays = await arrive(other);
      const leaves = await arrive(other);
      const goneBefore = await arrive(other);
      for (const { playerId } of [stays, leaves, goneBefore]) await isAnnounced(playerId, [1, 0]);
      goneBefore.leave();
      await isAnnounced(goneBefore.playerId, [1, 1]);
      leaves.leave();
      await leader[end]();

      // Once the new leader announces a newcomer, it has compared all who were announced before.
      const comes = await arrive(other);
      await isAnnounced(comes.playerId, [1, 0]);
      await isAnnounced(leaves.playerId, [1, 1]);
      await leader.start();
      await other[end]();
      const last = await arrive(leader);
      await isAnnounced(last.playerId, [1, 0]);
      expect(await announced(leaves.playerId)).toEqual([1, 1]);
      expect(await announced(goneBefore.playerId)).toEqual([1, 1]);
      if (end === 'kill') expect(await announced(stays.playerId)).toEqual([1, 0]);
    },
  );
});
