import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { ConnectOptions, LiveClient } from '../../src/client/types.ts';
import { createLocks, createPageLifecycle, createTab, type TestTab } from '../support/browser/tabs.ts';
import { open, record } from '../support/client/recording.ts';
import { createContest, createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';
import { startCuttingProxy } from '../support/wire/cutting-proxy.ts';

describe('Tabs that share a connection', { timeout: 60_000 }, () => {
  const live = prepareService();
  let player: PlayerIds;
  let token: string;
  let locks: ReturnType<typeof createLocks>;
  const clients: LiveClient[] = [];
  beforeEach(async () => {
    // A player per test: nothing of another test's is received.
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
    locks = createLocks();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  function start(options: Partial<ConnectOptions> = {}, tab: TestTab = createTab(locks)) {
    const client = connect({
      url: live.url,
      scopes: ['player:me'],
      getToken: () => token,
      backoff: { firstMs: 5, mostMs: 20 },
      share: tab.share,
      clock: tab.clock,
      ...options,
    });
    clients.push(client);
    return { client, tab, received: record(client) };
  }

  async function openStreams(playerId = player.playerId): Promise<number> {
    const [row] = await live.test.database.query<{ open: number }>(
      'SELECT COUNT(*) AS open FROM stream_session WHERE player_id = ? AND disconnected_at IS NULL',
      [playerId],
    );
    return Number(row?.open);
  }
  const oneStream = () => vi.waitFor(async () => expect(await openStreams()).toBe(1));

  async function publish(...titles: string[]): Promise<void> {
    expect((await live.publish(titles.map((title) => note(player.playerId, title)))).status).toBe(201);
  }

  it('receive the same, through one stream', async () => {
    const tabs = [start(), start(), start()];
    await open(...tabs.map(({ client }) => client));
    await oneStream();
    expect(tabs.map(({ client }) => client.status.role).sort()).toEqual(['follower', 'follower', 'leader']);
    expect(locks.holders()).toBe(1);
    await publish('a', 'b', 'c');
    for (const { received } of tabs)
      await vi.waitFor(() => expect(received.titles()).toEqual(['a', 'b', 'c']));
    const { streamId } = tabs[0]?.client.status ?? {};
    expect(tabs.every(({ client }) => client.status.streamId === streamId)).toBe(true);
  });

  it('lose and repeat nothing when the leader closes, again and again, while events arrive', async () => {
    const first = start();
    await open(first.client);
    const tabs = [first];
    const sent: string[] = [];
    let over = false;
    const publishing = (async () => {
      while (!over) {
        const titles = [1, 2, 3].map((index) => `${sent.length}/${index}`);
        await publish(...titles);
        sent.push(...titles);
      }
    })();
    const watched = start();
    await open(watched.client);
    const since = sent.length;
    for (let round = 0; round < 8; round++) {
      tabs.push(start());
      await open(tabs.at(-1)?.client as LiveClient);
      const leader = tabs.find(({ client }) => client.status.role === 'leader' && client.state !== 'closed');
      const goal = sent.length + 9;
      (leader ?? tabs.at(-1))?.client.close();
      await vi.waitFor(() => expect(sent.length).toBeGreaterThan(goal), {
        interval: 1,
      });
    }
    over = true;
    await publishing;
    const last = sent.at(-1);
    await vi.waitFor(() => expect(watched.received.titles().at(-1)).toBe(last));
    const titles = watched.received.titles();
    const from = sent.indexOf(titles[0] as string);
    expect(from).toBeLessThanOrEqual(since);
    expect(titles).toEqual(sent.slice(from));
    expect(watched.received.resets).toEqual([]);
    await oneStream();
  });

  it('take over from a leader that is frozen, and lose nothing; it comes back as a follower', async () => {
    const leader = start();
    await open(leader.client);
    const follower = start();
    await open(follower.client);
    expect(follower.client.status.role).toBe('follower');
    await publish('before');
    await vi.waitFor(() => expect(follower.received.titles()).toEqual(['before']));
    leader.tab.freeze();
    await publish('while frozen');
    await vi.waitFor(() => expect(follower.client.status.role).toBe('leader'));
    await vi.waitFor(() => expect(follower.received.titles()).toEqual(['before', 'while frozen']));
    leader.tab.thaw();
    await vi.waitFor(() => expect(leader.client.status.role).toBe('follower'));
    await open(leader.client);
    await publish('after');
    for (const { received } of [leader, follower])
      await vi.waitFor(() => expect(received.titles()).toEqual(['before', 'while frozen', 'after']));
    await oneStream();
  });

  it('give a follower what it missed while it was frozen', async () => {
    const leader = start();
    await open(leader.client);
    const follower = start();
    await open(follower.client);
    follower.tab.freeze();
    await publish('one', 'two');
    await vi.waitFor(() => expect(leader.received.titles()).toEqual(['one', 'two']));
    follower.tab.forget();
    await publish('three');
    await vi.waitFor(() => expect(leader.received.titles()).toHaveLength(3));
    follower.tab.thaw();
    await publish('four');
    for (const { received } of [leader, follower])
      await vi.waitFor(() => expect(received.titles()).toEqual(['one', 'two', 'three', 'four']));
    await oneStream();
  });

  it('listen to what any of them wants, each receiving its own', async () => {
    const contests = await Promise.all([1, 2].map(() => createContest(live.test.database)));
    const [one, two] = contests.map((id) => start({ scopes: ['player:me', `contest:${id}`] }));
    if (!one || !two) throw new Error('two tabs');
    await open(one.client, two.client);
    await oneStream();
    const about = (contestId: number | undefined, title: string) => ({
      type: 'ANNOUNCEMENT',
      data: { title, message: 'm', contestId },
    });
    await live.publish([
      about(contests[0], 'first'),
      about(contests[1], 'second'),
      note(player.playerId, 'own'),
    ]);
    await vi.waitFor(() => expect(one.received.titles()).toEqual(['first', 'own']));
    await vi.waitFor(() => expect(two.received.titles()).toEqual(['second', 'own']));
    await two.client.setScopes(['player:me', `contest:${contests[0] as number}`]);
    await live.publish([about(contests[0], 'for both'), about(contests[1], 'for none')]);
    await vi.waitFor(() => expect(one.received.titles()).toEqual(['first', 'own', 'for both']));
    await vi.waitFor(() => expect(two.received.titles()).toEqual(['second', 'own', 'for both']));
  });

  it('bring each tab the whole leaderboard, however long others have been watching', async () => {
    const contest = await createContest(live.test.database);
    const scopes = ['player:me', `contest:${contest}:leaderboard`] as const;
    const snapshots: number[] = [];
    for (const index of [0, 1]) {
      const tab = start({ scopes });
      tab.client.on('leaderboard-snapshot', ({ contestId }) => {
        if (contestId === contest) snapshots[index] = contestId;
      });
      await open(tab.client);
    }
    await vi.waitFor(() => expect(snapshots).toEqual([contest, contest]));
    await oneStream();
  });

  it('refuse one tab what it may not receive, and leave the others as they are', async () => {
    const hidden = await createContest(live.test.database, { isPublic: false });
    const leader = start();
    await open(leader.client);
    const barred = start({ scopes: [`contest:${hidden}`] });
    await vi.waitFor(() => expect(barred.client.state).toBe('closed'));
    expect(barred.client.status.error).toMatchObject({ code: 'not-found', scopes: [`contest:${hidden}`] });
    const partly = start({ scopes: ['player:me', `contest:${hidden}`] });
    await open(partly.client);
    const refused = [{ scope: `contest:${hidden}`, error: { code: 'not-found' } }];
    await vi.waitFor(() => expect(partly.client.status.refused).toMatchObject(refused));
    expect(leader.client.status.refused).toEqual([]);
    const follower = start();
    await open(follower.client);
    await expect(follower.client.setScopes([`contest:${hidden}`])).rejects.toMatchObject({ status: 404 });
    await publish('still');
    for (const { received } of [leader, partly, follower])
      await vi.waitFor(() => expect(received.titles()).toEqual(['still']));
    expect(barred.received.titles()).toEqual([]);
  });

  it('let another tab try where the leader’s token is refused', async () => {
    let good = false;
    const leader = start({ getToken: () => (good ? token : `${token}x`) });
    await vi.waitFor(() => expect(leader.client.state).toBe('closed'));
    const follower = start();
    await open(follower.client);
    expect(follower.client.status.role).toBe('leader');
    good = true;
    leader.client.reconnect();
    await open(leader.client);
    expect(leader.client.status.role).toBe('follower');
    await oneStream();
  });

  it('are kept up by the visible ones, when the leader’s timers are slow', async () => {
    const proxy = await startCuttingProxy(live.url, () => undefined);
    const leader = start({ url: proxy.url });
    await open(leader.client);
    const follower = start({ url: proxy.url });
    await open(follower.client);
    leader.tab.hide();
    proxy.cut();
    await vi.waitFor(() => expect(follower.received.states).toContain('waiting'));
    await publish('missed');
    await open(follower.client);
    expect(follower.client.status.role).toBe('follower');
    await vi.waitFor(() => expect(follower.received.titles()).toEqual(['missed']));
    await proxy.close();
  });

  it('try at once when any of them becomes visible', async () => {
    const proxy = await startCuttingProxy(live.url, () => undefined);
    const slow = { url: proxy.url, backoff: { firstMs: 1e7, mostMs: 1e7 } };
    const leader = start(slow);
    await open(leader.client);
    const pageLifecycle = createPageLifecycle();
    const follower = start({ ...slow, pageLifecycle });
    await open(follower.client);
    proxy.cut();
    await vi.waitFor(() => expect(follower.client.state).toBe('waiting'));
    pageLifecycle.change('visible');
    await open(follower.client, leader.client);
    expect(follower.client.status.role).toBe('follower');
    await proxy.close();
  });

  it('close the stream when the page is about to go, and come back with it', async () => {
    const pages = [1, 2].map(() => createPageLifecycle());
    const [leader, follower] = pages.map((pageLifecycle) => start({ pageLifecycle }));
    if (!leader || !follower) throw new Error('two tabs');
    await open(leader.client, follower.client);
    pages[0]?.change('leaving');
    pages[0]?.change('leaving');
    await vi.waitFor(() => expect(follower.client.status.role).toBe('leader'));
    await publish('meanwhile');
    await vi.waitFor(() => expect(follower.received.titles()).toEqual(['meanwhile']));
    expect(leader.received.titles()).toEqual([]);
    pages[0]?.change('returning');
    await vi.waitFor(() => expect(leader.received.titles()).toEqual(['meanwhile']));
    expect(leader.client.status.role).toBe('follower');
    // Pages say that they are back when they were never away, too.
    const { streamId } = follower.client.status;
    pages[1]?.change('returning');
    await publish('after');
    await vi.waitFor(() => expect(leader.received.titles()).toEqual(['meanwhile', 'after']));
    expect(follower.client.status.streamId).toBe(streamId);
  });

  it('know the service’s time, also those that join a stream that began long ago', async () => {
    const leader = start();
    await open(leader.client);
    const began = Date.parse(leader.received.opened[0]?.serverTime ?? '');
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(began + 1_500));
    const tab = createTab(locks);
    // Its own clock is an hour behind.
    const clock = { ...tab.clock, now: () => Date.now() - 3_600_000 };
    const follower = start({ clock }, tab);
    await open(follower.client);
    expect(follower.client.status.streamId).toBe(leader.client.status.streamId);
    expect(Math.abs(follower.client.serverNow() - Date.now())).toBeLessThan(1_000);
  });

  it('have a connection each where locks are forbidden', async () => {
    const request = () => Promise.reject(new DOMException('not here', 'SecurityError'));
    const tabs = [1, 2].map(() => {
      const tab = createTab(locks);
      return start({ share: { ...tab.share, locks: { request } } }, tab);
    });
    await open(...tabs.map(({ client }) => client));
    await vi.waitFor(async () => expect(await openStreams()).toBe(2));
    await publish('to both');
    for (const { received } of tabs) await vi.waitFor(() => expect(received.titles()).toEqual(['to both']));
  });

  it('never mix two players', async () => {
    const other = await createPlayer(live.test.database);
    const otherToken = await live.token(other.userId);
    const mine = start();
    const theirs = start({ getToken: () => otherToken });
    await open(mine.client, theirs.client);
    expect([mine, theirs].map(({ client }) => client.status.role)).toEqual(['leader', 'leader']);
    await vi.waitFor(async () =>
      expect([await openStreams(), await openStreams(other.playerId)]).toEqual([1, 1]),
    );
    await live.publish([note(player.playerId, 'mine'), note(other.playerId, 'theirs')]);
    await vi.waitFor(() => expect(mine.received.titles()).toEqual(['mine']));
    await vi.waitFor(() => expect(theirs.received.titles()).toEqual(['theirs']));
  });

  it('all end when the service ends their stream for good, and come back together', async () => {
    const tabs = [start(), start()];
    await open(...tabs.map(({ client }) => client));
    await fetch(`${live.url}/sessions/${tabs[0]?.client.status.streamId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    for (const { client } of tabs) await vi.waitFor(() => expect(client.state).toBe('closed'));
    expect(tabs.map(({ client }) => client.status.closeReason)).toEqual(['disconnected', 'disconnected']);
    tabs[1]?.client.reconnect();
    await open(...tabs.map(({ client }) => client));
    await oneStream();
  });

  it('try again for a page that is opened after the service ended the stream for good', async () => {
    const first = start();
    await open(first.client);
    await fetch(`${live.url}/sessions/${first.client.status.streamId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    await vi.waitFor(() => expect(first.client.state).toBe('closed'));
    const later = start();
    await open(later.client, first.client);
    expect(later.client.status.role).toBe('follower');
    await oneStream();
  });

  it('miss nothing when the leader forgot one of them, as after hours of sleep', async () => {
    const contests = await Promise.all([1, 2].map(() => createContest(live.test.database)));
    const tab = createTab(locks);
    let slept = 0;
    const leader = start({ clock: { ...tab.clock, now: () => Date.now() + slept } }, tab);
    await open(leader.client);
    // It does not ask whether the leader is there before the test is over.
    const follower = start(
      { scopes: [`contest:${contests[0] as number}`] },
      createTab(locks, { pingMs: 1e6 }),
    );
    await open(follower.client);
    slept = 3_600_000;
    await leader.client.setScopes(['player:me', `contest:${contests[1] as number}`]);
    await live.publish({
      type: 'ANNOUNCEMENT',
      data: { title: 'received', message: 'm', contestId: contests[0] },
    });
    await vi.waitFor(() => expect(follower.received.titles()).toEqual(['received']));
    expect(follower.received.resets).toEqual([]);
    await oneStream();
  });

  it('have a connection each where there is nothing to share by', async () => {
    // Whose it is no token says, and the page does not either.
    const tabs = [start({ getToken: () => undefined }), start({ share: true })];
    await open(tabs[1]?.client as LiveClient);
    expect(tabs[1]?.client.status.role).toBe('leader');
    await vi.waitFor(() => expect(tabs[0]?.client.status.error?.code).toBe('token-missing'));
  });
});
