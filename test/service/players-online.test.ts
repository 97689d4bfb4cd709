import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';

describe('GET /players/online', () => {
  const live = prepareService({ PRESENCE_INTERVAL_MS: '50' });
  const left = new AbortController();
  const ids: number[] = [];
  let token = '';
  beforeAll(async () => {
    for (let number = 1; number <= 5; number++) {
      const { userId, playerId } = await createPlayer(live.test.database, { name: `Player ${number}` });
      ids.push(playerId);
      token = await live.token(userId);
      const stream = await fetch(`${live.url}/streams/players/me`, {
        headers: { authorization: `Bearer ${token}` },
        signal: left.signal,
      });
      expect(stream.status).toBe(200);
      void stream.text().catch(() => {});
    }
  });
  afterAll(async () => {
    left.abort();
  });

  async function get(bearer: string, query = ''): Promise<Record<string, unknown>> {
    const answer = await fetch(`${live.url}/players/online${query}`, {
      headers: { authorization: `Bearer ${bearer}` },
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  }

  it('shows players how many are online, and not who', async () => {
    await expect.poll(() => get(token)).toEqual({ count: 5 });
    expect(await get(token, '?limit=1&after=1')).toEqual({ count: 5 });
  });

  it('shows admins who is online, in pages, each once', async () => {
    const admin = await live.token(await createUser(live.test.database, { role: 'ADMIN' }));
    await expect.poll(async () => (await get(admin)).count).toBe(5);
    const seen: unknown[] = [];
    let query = '?limit=2';
    for (let pages = 1; ; pages++) {
      const { players, next } = await get(admin, query);
      seen.push(...(players as unknown[]));
      if (next === null) {
        expect(pages).toBe(3);
        break;
      }
      query = `?limit=2&after=${next}`;
    }
    expect(seen).toEqual(ids.map((playerId, index) => ({ playerId, playerName: `Player ${index + 1}` })));
  });

  it('refuses what is not an id', async () => {
    const answer = await fetch(`${live.url}/players/online?after=x`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(400);
  });
});
