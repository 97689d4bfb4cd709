import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { publisherTo } from '../publisher/fixture.ts';
import { createPlayer } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';

const EXAMPLE = resolve(import.meta.dirname, '../../examples/publish.sql');

describe('The example of publishing from SQL', () => {
  const live = prepareService();

  it('publishes each of its events once, in order, however often it and others publish them', async () => {
    const { userId, playerId } = await createPlayer(live.test.database);
    const client = listen(`${live.url}/streams/players/me`, await live.token(userId), [
      'achievement',
      'announcement',
    ]);
    await client.ready();
    const connection = await live.test.database.connect({ multipleStatements: true });
    await connection.query('SET @player = ?', [playerId]);
    const example = await readFile(EXAMPLE, 'utf8');
    await connection.query(example);
    await vi.waitFor(() => expect(client.received).toHaveLength(2));

    const [answers] = await connection.query(example);
    expect((answers as unknown[]).at(-1)).toEqual([]);
    const { publisher } = publisherTo(live);
    const achievement = { playerId, achievement: 'week-streak', name: 'A week' };
    expect(await publisher.playerAchievement(achievement).confirmed).toMatchObject({ duplicate: true });
    await publisher.announcement({ playerId, title: 'last', message: 'm' }).confirmed;
    await vi.waitFor(async () =>
      expect(await live.test.database.query('SELECT id FROM event_outbox')).toEqual([]),
    );
    await vi.waitFor(() => expect(client.received.map(({ title }) => title)).toContain('last'));
    expect(client.received.map(({ title }) => title)).toEqual([
      'Seven days in a row',
      'You made the cut',
      'last',
    ]);
    client.close();
    connection.destroy();
    await publisher.close();
  });
});
