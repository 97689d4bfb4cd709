import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import type { RevealedStep } from '../../src/protocol/api/reveal.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createFrozenContest, REVEAL_ORDER } from '../support/database/frozen-contest.ts';
import { createUser } from '../support/database/platform.ts';
import { environment, SECRET } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until as untilWithin } from '../support/until.ts';
import { clientOf, FAST, readPage } from '../support/wire/leaderboard-http.ts';

/** How long the next leader may take, on a busy machine. */
const PATIENCE_MS = 45_000;
const until = (condition: () => unknown) => untilWithin(condition, PATIENCE_MS);

describe('A reveal whose leader is killed with -9', { timeout: 240_000 }, () => {
  const test = prepareDatabase();
  let leader: ServiceProcess;
  let other: ServiceProcess;
  beforeAll(async () => {
    leader = await startServiceProcess(environment(test.url, FAST));
    // It leads before there is another.
    await until(
      async () =>
        (await test.database.query('SELECT 1 FROM contest_listing WHERE contest_id = 0')).length > 0,
    );
    other = await startServiceProcess(environment(test.url, FAST));
  }, 400_000);
  afterAll(async () => {
    await leader?.kill();
    await other?.kill();
  });

  it('goes on with the next step wherever it was when the leader was killed', async () => {
    const { database } = test;
    const [admin, spectator] = [
      await mintPlatformToken(SECRET, await createUser(database, { role: 'ADMIN' })),
      await mintPlatformToken(SECRET, await createUser(database)),
    ];
    const { contestId, players } = await createFrozenContest(
      database,
      async (id) => (await readPage(leader, id, spectator)).rows,
    );
    const client = clientOf(other, contestId, spectator);
    await client.connect();
    const post = async (service: ServiceProcess, path: string, body?: object) =>
      fetch(`${service.url}/contests/${contestId}/reveal${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }).catch(() => undefined);
    expect((await post(leader, ''))?.status).toBe(200);
    expect((await post(leader, '/steps', { step: 1 }))?.status).toBe(200);

    // The second step is under way when its node dies: it was taken, or it was not.
    const cut = post(leader, '/steps', { step: 2 });
    await leader.kill();
    await cut;
    const steps: RevealedStep[] = [];
    for (let step = 1; step <= REVEAL_ORDER.length; step++) {
      await until(async () => {
        const response = await post(other, '/steps', { step });
        if (response?.status !== 200) return false;
        steps[step - 1] = (await response.json()) as RevealedStep;
        return true;
      });
    }
    expect(steps[0]?.duplicate).toBe(true);
    const order = REVEAL_ORDER.map(([player]) => players[player].playerId);
    expect(steps.map(({ playerId }) => playerId)).toEqual(order);

    // The next leader ends the freeze, and the spectator has got each step once.
    await until(() => !client.frozen && client.of('contest-reveal-step').length >= order.length);
    expect(client.of('contest-reveal-step').map(({ step, playerId }) => [step, playerId])).toEqual(
      order.map((playerId, index) => [index + 1, playerId]),
    );
    await until(
      () =>
        JSON.stringify(client.rows.map(({ finalRating }) => finalRating)) ===
        JSON.stringify([400, 350, 300, 0]),
    );
    expect(client.missed).toBe(0);
    client.disconnect();
  });
});
