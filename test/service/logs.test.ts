import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mintPlatformToken } from '../../src/auth/mint.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createService, type Service } from '../../src/service/service.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { environment, note, SECRET } from '../support/service.ts';
import { until } from '../support/until.ts';

const test = prepareDatabase();
let service: Service;
let logged = '';
beforeAll(async () => {
  const logger = pino(
    { level: 'trace' },
    {
      write: (line) => {
        logged += line;
      },
    },
  );
  service = await createService(loadConfig(environment(test.url)), logger);
});
afterAll(() => service.close());

it('The log says what failed, at any level without tokens, tickets and the texts of notifications', async () => {
  const { userId, playerId } = await createPlayer(test.database);
  const token = await mintPlatformToken(SECRET, userId);
  const authorization = `Bearer ${token}`;
  const bought = await service.app.request('/tickets', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ scopes: ['player:me'] }),
  });
  const { ticket } = (await bought.json()) as { ticket: string };
  await service.publisher.publish(note(playerId, 'for own eyes') as never);
  const page = () => service.app.request('/notifications', { headers: { authorization } });
  await until(async () => ((await (await page()).json()) as { items: unknown[] }).items.length === 1);

  await test.database.execute('RENAME TABLE notification_receipt TO elsewhere, stream_session TO nowhere');
  const answers = [
    await service.app.request('/notifications?type=LEVEL_UP', { headers: { authorization } }),
    await service.app.request('/notifications', { headers: { cookie: `token=${token}` } }),
    await service.app.request(`/streams/players/me?ticket=${ticket}`),
  ];
  await test.database.execute('RENAME TABLE elsewhere TO notification_receipt, nowhere TO stream_session');
  await test.database.execute('ALTER TABLE notification RENAME COLUMN title TO heading');
  await expect(service.publisher.publish(note(playerId, 'for own eyes') as never)).rejects.toThrow();
  const failed = await page();
  await test.database.execute('ALTER TABLE notification RENAME COLUMN heading TO title');

  for (const answer of [...answers, failed]) {
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toMatch(/SELECT|heading|receipt|session|own eyes/);
  }
  // The first two are the same failure: it is counted, and the count comes with the end of the minute or of the service.
  expect(logged.match(/"a request failed"/g)).toHaveLength(3);
  expect(logged).toContain('/streams/players/me');
  expect(logged).not.toMatch(/"sql":|FROM notification|own eyes|LEVEL_UP/);
  for (const secret of [token, ticket, SECRET]) expect(logged).not.toContain(secret);
});
