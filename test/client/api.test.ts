import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import { createReveal } from '../../src/client/reveal.ts';
import type { LiveClient } from '../../src/client/types.ts';
import { createFrozenContest } from '../support/database/frozen-contest.ts';
import {
  createContest,
  createPlayer,
  createUser,
  joinContest,
  type PlayerIds,
} from '../support/database/platform.ts';
import { note, startService, type TestService } from '../support/service.ts';
import { FAST, readPage } from '../support/wire/leaderboard-http.ts';

describe('The service by plain requests', () => {
  let live: TestService;
  let player: PlayerIds;
  let client: LiveClient;
  beforeAll(async () => {
    live = await startService(FAST);
    player = await createPlayer(live.test.database, { name: 'Ada' });
    const token = await live.token(player.userId);
    // Without a connection: requests need none.
    client = connect({ url: `${live.url}/`, scopes: ['player:me'], getToken: () => token, start: false });
  });
  afterAll(() => {
    client.close();
    return live.close();
  });

  it('reads the inbox in pages, and marks what is in it', async () => {
    await live.publish(['a', 'b', 'c'].map((title) => note(player.playerId, title)));
    const page = await client.api.notifications({ limit: 2 });
    expect(page.items.map(({ title }) => title)).toEqual(['c', 'b']);
    const rest = await client.api.notifications({ limit: 2, before: page.next ?? 0 });
    expect(rest.items.map(({ title }) => title)).toEqual(['a']);
    expect(rest.next).toBeNull();
    const ids = page.items.map(({ id }) => id);
    const [newest = 0, middle = 0] = ids;

    expect(await client.api.markSeen({ throughId: newest })).toMatchObject({
      counts: { unseen: 0, unread: 3 },
    });
    expect(await client.api.markRead({ ids })).toEqual({
      changed: 2,
      counts: { unread: 1, unseen: 0, total: 3 },
    });
    expect((await client.api.markUnread(newest)).counts.unread).toBe(2);
    expect((await client.api.archive({ ids: [middle] })).counts.total).toBe(2);
    expect((await client.api.notifications({ archived: true })).items.map(({ id }) => id)).toEqual([middle]);
    expect((await client.api.unarchive(middle)).counts.total).toBe(3);
    expect((await client.api.notifications({ unread: true })).items).toHaveLength(2);
    expect(await client.api.counts()).toEqual({ unread: 2, unseen: 0, total: 3 });
  });

  it('reads contests, leaderboards and histories', async () => {
    const id = await createContest(live.test.database, { title: 'Friday Cup' });
    await joinContest(live.test.database, { contestId: id, playerId: player.playerId });
    const { contests } = await client.api.contests({ status: ['LIVE', 'UPCOMING'] });
    expect(contests.find((contest) => contest.id === id)).toMatchObject({
      title: 'Friday Cup',
      joined: true,
    });
    expect(await client.api.contest(id)).toMatchObject({ id, status: 'LIVE' });
    const page = await client.api.leaderboard(id, { around: 'me', limit: 5 });
    expect(page).toMatchObject({ contestId: id, offset: 0, cursor: expect.any(String) });
    expect(page.rows.map(({ playerName }) => playerName)).toEqual(['Ada']);
    expect((await client.api.globalLeaderboard({ limit: 1 })).rows).toHaveLength(1);
    await live.publish({ type: 'LEVEL_UP', data: { playerId: player.playerId, oldLevel: 1, newLevel: 2 } });
    expect((await client.api.activity('me')).items[0]).toMatchObject({ action: 'LEVEL_UP' });
  });

  it('opens the reveal of frozen standings, takes its steps, and reads what everybody is shown', {
    timeout: 180_000,
  }, async () => {
    const { database } = live.test;
    const token = await live.token(player.userId);
    const { contestId, players, problems } = await createFrozenContest(
      database,
      async (id) => (await readPage(live, id, token, 'cells=1')).rows,
    );
    const adminToken = await live.token(await createUser(database, { role: 'ADMIN' }));
    const admin = connect({ url: live.url, scopes: ['global'], getToken: () => adminToken, start: false });
    const [shown, stepped] = [createReveal(client.api, contestId), createReveal(admin.api, contestId)];
    expect(await shown.read()).toMatchObject({ state: 'none', step: 0, canStep: false });
    await expect(shown.open()).rejects.toMatchObject({ code: 'forbidden' });
    await expect(shown.standings()).rejects.toMatchObject({ code: 'reveal-not-open' });
    expect(await stepped.open()).toMatchObject({ state: 'open', step: 0, canStep: true });
    const cell = await stepped.take({ step: 1 });
    expect(cell).toMatchObject({ playerId: players[2].playerId, extent: 'cell', settled: false });
    expect(await stepped.take({ step: 1 })).toEqual({ ...cell, duplicate: true });
    const row = await stepped.take({ step: 2, extent: 'row' });
    expect(row).toMatchObject({ playerId: players[2].playerId, extent: 'row', settled: true });
    const known = { freeze: row.freezeNo, step: 2 };
    const standings = await shown.standings(known);
    expect(standings).toMatchObject({ state: 'open', step: 2, last: { step: 2 }, total: 4, problems });
    expect(standings.rows.map(({ finalRating }) => finalRating)).toEqual([350, 300, 200, 0]);
    expect(await stepped.standings(known)).toMatchObject({ rows: standings.rows });
    await stepped.take({ step: 3, extent: 'all' });
    await expect.poll(async () => (await shown.read()).state, { timeout: 45_000 }).toBe('finished');
    admin.close();
  });

  it('reports what is wrong by its stable code, field by field', async () => {
    await expect(client.api.contest(987_654)).rejects.toMatchObject({ code: 'not-found', status: 404 });
    await expect(client.api.markRead({ ids: [] })).rejects.toMatchObject({
      code: 'invalid-body',
      errors: [{ pointer: expect.stringContaining('ids') }],
    });
    await expect(client.api.request('/nowhere')).rejects.toMatchObject({
      name: 'LiveError',
      code: 'not-found',
    });
    const unreachable = connect({ url: 'http://127.0.0.1:9', scopes: ['global'], start: false });
    await expect(unreachable.api.counts()).rejects.toMatchObject({ code: 'network', status: undefined });
    const elsewhere = connect({
      url: live.url,
      scopes: ['global'],
      start: false,
      fetch: async () => new Response('<html>'),
    });
    await expect(elsewhere.api.counts()).rejects.toMatchObject({ code: 'unexpected-answer' });
  });
});
