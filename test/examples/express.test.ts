import type { AddressInfo } from 'node:net';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serve } from '../../examples/express-controller.ts';
import { parseDatabaseUrl } from '../../src/db/url.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { wholeLog } from '../support/database/log.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  joinContest,
  type PlayerIds,
} from '../support/database/platform.ts';
import { startServiceOn, type TestService } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';

describe('The example of an Express controller', () => {
  let test: TestDatabase;
  let live: TestService;
  let db: Pool;
  let app: Awaited<ReturnType<typeof serve>>;
  let ada: PlayerIds;
  let contestId: number;

  beforeAll(async () => {
    test = await createTestDatabase();
    live = await startServiceOn(test);
    db = createPool({ ...parseDatabaseUrl(test.url), connectionLimit: 3 });
    ada = await createPlayer(test.database, { name: 'Ada', xp: 7_500, level: 10, tier: 'BRONZE' });
    contestId = await createContest(test.database, { title: 'Weekly' });
    await joinContest(test.database, { contestId, playerId: ada.playerId });
    app = await serve(
      {
        db,
        login: (_req, res, next) => {
          Object.assign(res.locals, { playerId: ada.playerId, playerName: 'Ada' });
          next();
        },
        judge: async (_problemId, source) => (source === 'right' ? 'ACCEPTED' : 'WRONG_ANSWER'),
        live: { url: live.url, token: live.serviceToken },
      },
      0,
    );
  });
  afterAll(async () => {
    await app.close();
    await db.end();
    await live.close();
  });

  const request = (path: string, body: unknown) =>
    fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const submit = (problemId: number, source: string) =>
    request(`/contests/${contestId}/submissions`, { problemId, source });
  const PUBLISHED = ['PROBLEM_SOLVED', 'LEVEL_UP', 'TIER_UPGRADE'];
  /** The events that the controller publishes to the player; the service adds what follows from them. */
  const own = async () =>
    (await wholeLog(test.database)).filter(
      ({ scope, type }) => scope === `player:${ada.playerId}` && PUBLISHED.includes(type),
    );

  it('publishes the solve, the level and the tier to the player, in order, once', async () => {
    const names = ['problem-solved', 'level-up', 'tier-upgrade'];
    const client = listen(`${live.url}/streams/players/me`, await live.token(ada.userId), names);
    await client.ready();
    const problemId = await createProblem(test.database, { title: 'Two Sum' });
    for (const source of ['wrong', 'right', 'right', 'wrong'])
      expect(await (await submit(problemId, source)).json()).toEqual({
        verdict: source === 'right' ? 'ACCEPTED' : 'WRONG_ANSWER',
      });
    await vi.waitFor(() => expect(client.received).toHaveLength(3));
    client.close();
    expect(client.received.map(({ title }) => title)).toEqual(['Problem solved', 'Level 11', 'Silver tier']);
    expect((await own()).map(({ message }) => message)).toEqual([
      'You solved Two Sum for 100 points',
      'You reached level 11, Silver I',
      'You reached Silver I',
    ]);
    const [player] = await test.database.query('SELECT xp, level, tier FROM player WHERE id = ?', [
      ada.playerId,
    ]);
    expect(player).toEqual({ xp: 7_600, level: 11, tier: 'SILVER' });
  });

  it('answers the player while the service is away, and publishes when it is back', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { port } = new URL(live.url);
    const known = (await own()).length;
    await live.service.close();
    const problems = [await createProblem(test.database), await createProblem(test.database)];
    for (const problemId of problems)
      expect(await (await submit(problemId, 'right')).json()).toEqual({ verdict: 'ACCEPTED' });
    await vi.waitFor(() => expect(warned).toHaveBeenCalledTimes(1));
    live = await startServiceOn(test, { PORT: port });
    await vi.waitFor(async () => expect(await own()).toHaveLength(known + 2), { timeout: 20_000 });
    warned.mockRestore();
  });

  it('can wait for an event, and sees why it was not published', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { eventId } = await (await request('/announcements', { title: 'Hello', message: 'World' })).json();
    expect((await wholeLog(test.database)).find(({ id }) => id === eventId)).toMatchObject({
      title: 'Hello',
    });
    const refused = await request('/announcements', { title: '', message: 'World' });
    expect(refused.status).toBe(500);
    vi.restoreAllMocks();
  });
});
