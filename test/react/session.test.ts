import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { ConnectOptions, LiveClient } from '../../src/client/types.ts';
import { createSession } from '../../src/react/session/session.ts';
import { createLocks, createTab } from '../support/browser/tabs.ts';
import { hear, open } from '../support/client/heard.ts';
import { createContest, createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

describe('What hooks share, on a real service', { timeout: 60_000 }, () => {
  const live = prepareService();
  let player: PlayerIds;
  let token: string;
  const clients: LiveClient[] = [];
  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  function start(options: Partial<ConnectOptions> = {}) {
    const client = connect({
      url: live.url,
      scopes: ['player:me'],
      getToken: () => token,
      backoff: { firstMs: 5, mostMs: 20 },
      start: false,
      ...options,
    });
    clients.push(client);
    return { client, session: createSession(client, ['player:me']) };
  }

  it.each(['alone', 'shared'])('one contest that nobody may see costs the rest nothing (%s)', async (way) => {
    const [seen, later] = [await createContest(live.test.database), await createContest(live.test.database)];
    const hidden = await createContest(live.test.database, { isPublic: false });
    const share = way === 'shared' ? createTab(createLocks()).share : false;
    const { client, session } = start({ share });
    const heard = hear(client);
    session.leaderboards.subscribe(hidden, () => {});
    session.leaderboards.subscribe(seen, () => {});
    client.start();
    await open(client);
    await vi.waitFor(() => expect(session.leaderboards.view(seen)).toBeDefined());
    session.leaderboards.subscribe(later, () => {});
    await vi.waitFor(() => expect(session.leaderboards.view(later)).toBeDefined());
    expect(session.leaderboards.view(hidden)).toBeUndefined();
    await live.publish(note(player.playerId, 'heard'));
    await vi.waitFor(() => expect(heard.titles()).toEqual(['heard']));
    expect(heard.errors).toContain('not-found');
  });

  it('a board that comes late to a scope that is heard already has its standings', async () => {
    const contest = await createContest(live.test.database);
    const { client, session } = start();
    session.needs.add(`contest:${contest}:leaderboard`);
    client.start();
    await open(client);
    session.leaderboards.subscribe(contest, () => {});
    await vi.waitFor(() => expect(session.leaderboards.view(contest)?.stale).toBe(false));
  });
});
