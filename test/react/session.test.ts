import { describe, expect, it, vi } from 'vitest';
import type { ConnectOptions } from '../../src/client/types.ts';
import { createSession } from '../../src/react/session/session.ts';
import { prepareClients } from '../client/fixture.ts';
import { createLocks, createTab } from '../support/browser/tabs.ts';
import { open, record } from '../support/client/recording.ts';
import { createContest } from '../support/database/platform.ts';
import { note } from '../support/service.ts';

describe('What hooks share, on a real service', { timeout: 60_000 }, () => {
  const clients = prepareClients({}, { start: false });
  const { live } = clients;

  function start(options: Partial<ConnectOptions> = {}) {
    const client = clients.start(options);
    return { client, session: createSession(client, ['player:me']) };
  }

  it.each(['alone', 'shared'])('one contest that is not visible costs the rest nothing (%s)', async (way) => {
    const [seen, later] = [await createContest(live.test.database), await createContest(live.test.database)];
    const hidden = await createContest(live.test.database, { isPublic: false });
    const share = way === 'shared' ? createTab(createLocks()).share : false;
    const { client, session } = start({ share });
    const received = record(client);
    session.leaderboards.subscribe(hidden, () => {});
    session.leaderboards.subscribe(seen, () => {});
    client.start();
    await open(client);
    await vi.waitFor(() => expect(session.leaderboards.view(seen)).toBeDefined());
    session.leaderboards.subscribe(later, () => {});
    await vi.waitFor(() => expect(session.leaderboards.view(later)).toBeDefined());
    expect(session.leaderboards.view(hidden)).toBeUndefined();
    await live.publish(note(clients.player.playerId, 'received'));
    await vi.waitFor(() => expect(received.titles()).toEqual(['received']));
    expect(received.errors).toContain('not-found');
  });

  it('a leaderboard that comes late to a scope that is subscribed already has its rows', async () => {
    const contest = await createContest(live.test.database);
    const { client, session } = start();
    session.needs.add(`contest:${contest}:leaderboard`);
    client.start();
    await open(client);
    session.leaderboards.subscribe(contest, () => {});
    await vi.waitFor(() => expect(session.leaderboards.view(contest)?.stale).toBe(false));
  });
});
