import { describe, expect, it } from 'vitest';
import { prepareService, startService } from '../support/service.ts';

interface DemoPlayer {
  readonly playerId: number;
  readonly playerName: string;
}

describe('The way in for visitors of the demo', { timeout: 120_000 }, () => {
  const live = prepareService({ DEMO: 'on-this-database' });

  const mint = (playerId: unknown, headers: Record<string, string> = {}, url = live.url) =>
    fetch(`${url}/demo/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ playerId }),
    });
  const cast = async () =>
    ((await (await fetch(`${live.url}/demo/players`)).json()) as { players: DemoPlayer[] }).players;

  it('lets them be any demo player, for a quarter of an hour', async () => {
    const players = await cast();
    expect(players.map(({ playerName }) => playerName)).toContain('Ada Okafor');
    expect(players).toHaveLength(8);
    for (const { playerId } of players) {
      const answer = await mint(playerId);
      expect(answer.status).toBe(201);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: string };
      // By the database's time, which the tests' own clock is a few milliseconds off.
      const { exp, ...payload } = payloadOf(token);
      expect(Math.floor(Date.parse(expiresAt) / 1000)).toBe(exp);
      expect(Object.keys(payload).sort()).toEqual(['iat', 'id']);
      expect(exp - payload.iat).toBe(900);
      const counts = await fetch(`${live.url}/notifications/counts`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(counts.status).toBe(200);
    }
  });

  it('lets them be no other player', async () => {
    const staff = await live.test.database.query<{ id: number }>(
      "SELECT id FROM users WHERE role <> 'PLAYER'",
    );
    const ids = new Set(staff.map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(1);
    for (let playerId = 1; playerId <= 20; playerId += 1) {
      const answer = await mint(playerId);
      if (answer.status === 404) continue;
      expect(ids.has(payloadOf(((await answer.json()) as { token: string }).token).id)).toBe(false);
    }
    expect((await mint(999_999)).status).toBe(404);
    expect((await mint('7')).status).toBe(422);
  });

  it('is not for other sites', async () => {
    const [player] = await cast();
    expect((await mint(player?.playerId, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await mint(player?.playerId, { 'sec-fetch-site': 'same-origin' })).status).toBe(201);
  });

  it('is absent without the demo, and in production', async () => {
    for (const extra of [{ DEMO: 'off' }, { NODE_ENV: 'production' }]) {
      const closed = await startService(extra as Record<string, string>);
      try {
        expect((await mint(1, {}, closed.url)).status).toBe(404);
        expect((await fetch(`${closed.url}/demo/players`)).status).toBe(404);
        const described = (await (await fetch(`${closed.url}/openapi.json`)).json()) as { paths: object };
        expect(Object.keys(described.paths).filter((path) => path.startsWith('/demo'))).toEqual([]);
      } finally {
        await closed.close();
      }
    }
  });
});

function payloadOf(token: string): { id: number; iat: number; exp: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
