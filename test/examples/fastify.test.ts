import type { FastifyInstance } from 'fastify';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApplication } from '../../examples/fastify-app.ts';
import { parseDatabaseUrl } from '../../src/db/url.ts';
import { wholeLog } from '../support/database/log.ts';
import { createContest, createPlayer } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';

describe('The example of a Fastify application', () => {
  const live = prepareService();
  let db: Pool;
  let app: FastifyInstance;
  let contestId: number;

  beforeAll(async () => {
    db = createPool({ ...parseDatabaseUrl(live.test.url), connectionLimit: 3 });
    const { playerId } = await createPlayer(live.test.database, { name: 'Ada' });
    contestId = await createContest(live.test.database, { title: 'Weekly' });
    app = createApplication({
      db,
      playerOf: () => ({ playerId, playerName: 'Ada' }),
      live: { url: live.url, token: live.serviceToken },
    });
  });
  afterAll(() => db.end());

  const join = (id: number | string) => app.inject({ method: 'POST', url: `/contests/${id}/participants` });
  const joins = async () =>
    (await wholeLog(live.test.database)).filter(({ type }) => type === 'CONTEST_JOINED');

  it('publishes a join once, however often it is requested', async () => {
    for (let time = 0; time < 3; time++) expect((await join(contestId)).statusCode).toBe(201);
    await app.live.flush();
    expect((await joins()).map(({ message }) => message)).toEqual(['Ada joined Weekly']);
  });

  it('answers for itself what is wrong with a request', async () => {
    expect((await join(999_999)).statusCode).toBe(404);
    expect((await join('x')).statusCode).toBe(400);
    expect(await joins()).toHaveLength(1);
  });

  it('sends what waits when the application is closed', async () => {
    const other = await createContest(live.test.database, { title: 'Monthly' });
    expect((await join(other)).statusCode).toBe(201);
    await app.close();
    await vi.waitFor(async () => expect(await joins()).toHaveLength(2));
  });
});
