import { createConnection } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { note } from '../support/service.ts';
import { prepareServer } from '../support/service-on-server.ts';
import { until } from '../support/until.ts';

describe('While a backup holds the global read lock', () => {
  const own = prepareServer();

  it('publishing is 503, the platform’s logins find connections, and publishing comes back after it', async () => {
    const { playerId } = await createPlayer(own.admin);
    expect((await own.live.publish(note(playerId, 'before'))).status).toBe(201);
    const backup = await createConnection({ uri: own.server.url });
    onTestFinished(() => backup.destroy());
    await backup.query('FLUSH TABLES WITH READ LOCK');
    const before = await sessions();
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => own.live.publish(note(playerId, `n${n}`))),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 503));
    }
    // The probe of `/ready`, and at most one abandoned write for each connection that appends.
    expect(await sessions()).toBeLessThanOrEqual(before + 6);
    await until(async () => (await fetch(`${own.live.url}/ready`)).status === 503);
    await backup.query('UNLOCK TABLES');
    await until(async () => (await own.live.publish(note(playerId, 'after'))).status === 201);
    await until(async () => (await fetch(`${own.live.url}/ready`)).status === 200);
  });

  async function sessions(): Promise<number> {
    const [row] = await own.admin.query<{ count: number }>(
      'SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST',
    );
    return Number(row?.count);
  }
});
