import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { ScopeInput } from '../../src/client/types.ts';
import { open, record } from '../support/client/recording.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';
import { seededRandom } from '../support/random.ts';
import { note } from '../support/service.ts';
import { startCuttingProxy } from '../support/wire/cutting-proxy.ts';
import { prepareClients } from './fixture.ts';

function createStorage() {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  return { storage, kept };
}

describe('A client of a real service', { timeout: 60_000 }, () => {
  const clients = prepareClients({ HEARTBEAT_INTERVAL: '200' });
  const { live, start } = clients;

  it('hands on each type of event under its name, with its data', async () => {
    const client = start();
    const levels: number[] = [];
    const names: (string | undefined)[] = [];
    client.on('level-up', ({ data }) => levels.push(data.newLevel));
    client.on('frame', ({ event }) => names.push(event));
    await open(client);
    await live.publish({
      type: 'LEVEL_UP',
      data: { playerId: clients.player.playerId, oldLevel: 3, newLevel: 4 },
    });
    await vi.waitFor(() => expect(levels).toEqual([4]));
    expect(names.slice(0, 2)).toEqual(['stream-open', 'caught-up']);
    // Keepalives are comments: received, and shown by the debugger.
    await vi.waitFor(() => expect(names).toContain(undefined));
    expect(Math.abs(client.serverNow() - Date.now())).toBeLessThan(5_000);
  });

  it('misses and repeats nothing over 60 cuts at arbitrary bytes', async () => {
    const random = seededRandom();
    let planned = 60;
    const proxy = await startCuttingProxy(live.url, () =>
      planned-- > 0 ? 400 + Math.floor(random() * 3_000) : undefined,
    );
    const client = start({ url: proxy.url });
    const received = record(client);
    await open(client);
    const sent: string[] = [];
    while (proxy.cuts() < 60) {
      const titles = Array.from(
        { length: 1 + Math.floor(random() * 5) },
        (_, index) => `cut ${sent.length + index}`,
      );
      await live.publish(titles.map((title) => note(clients.player.playerId, title)));
      sent.push(...titles);
    }
    await vi.waitFor(() => expect(received.notifications.length).toBeGreaterThanOrEqual(sent.length), {
      timeout: 20_000,
    });
    expect(received.titles()).toEqual(sent);
    expect(received.opened.length).toBeGreaterThan(30);
    expect(received.resets).toEqual([]);
    client.close();
    await proxy.close();
  });

  it('misses and repeats nothing while its scopes change under load', async () => {
    const contests = await Promise.all([1, 2, 3].map(() => createContest(live.test.database)));
    const optional = contests.map((id): ScopeInput => `contest:${id}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.subarray(optional), { minLength: 2, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 4, maxLength: 10 }),
        async (changes, bursts) => {
          const client = start();
          const received = record(client);
          await open(client);
          const published: { id: number; scope: string }[] = [];
          /** For each scope, the ids between which it was certainly listened to. */
          const due: { scope: string; after: number; through: number }[] = [];
          const head = () => published.at(-1)?.id ?? 0;
          let over = false;
          const publishing = (async () => {
            for (let round = 0; !over || round < bursts.length; round++) {
              const events = Array.from({ length: bursts[round % bursts.length] ?? 1 }, (_, index) =>
                index % 3 === 0
                  ? note(clients.player.playerId, 'own')
                  : {
                      type: 'ANNOUNCEMENT',
                      data: {
                        title: 'of a contest',
                        message: 'm',
                        contestId: contests[index % contests.length],
                      },
                    },
              );
              const answer = (await (await live.publish(events)).json()) as {
                events: { notifications: typeof published }[];
              };
              for (const event of answer.events) published.push(...event.notifications);
            }
          })();
          for (const extra of changes) {
            await client.setScopes(['player:me', ...extra]);
            const from = head();
            for (const scope of extra) due.push({ scope, after: from, through: from });
            await vi.waitFor(() => expect(head()).toBeGreaterThan(from + 2), { interval: 1 });
            for (const one of due.slice(due.length - extra.length)) one.through = head();
          }
          over = true;
          await publishing;
          const own = published.filter(({ scope }) => scope === `player:${clients.player.playerId}`);
          await vi.waitFor(() =>
            expect(received.notifications.some(({ id }) => id === own.at(-1)?.id)).toBe(true),
          );
          const ids = received.notifications.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          const ofOwn = received.notifications.filter(({ scope }) => scope === own[0]?.scope);
          expect(ofOwn.map(({ id }) => id)).toEqual(own.map(({ id }) => id));
          for (const { scope, after, through } of due)
            for (const { id } of published.filter((one) => one.scope === scope))
              if (id > after && id <= through) expect(ids).toContain(id);
          expect(received.resets).toEqual([]);
          expect(received.states).not.toContain('waiting');
          client.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  it('receives what it may of the scopes that it is given, names the others, and keeps the old ones where all are refused', async () => {
    const hidden = await createContest(live.test.database, { isPublic: false });
    const client = start();
    const received = record(client);
    await open(client);
    // A caller that asks for the same meanwhile gets the same answer.
    for (const asked of [0, 1].map(() =>
      client.setScopes([`contest:${hidden}`, `contest:${hidden}:leaderboard`]),
    ))
      await expect(asked).rejects.toMatchObject({
        code: 'not-found',
        scopes: [`contest:${hidden}`, `contest:${hidden}:leaderboard`],
      });
    expect(client.scopes).toEqual(['player:me']);
    expect(client.state).toBe('open');
    await client.setScopes(['player:me', `contest:${hidden}`, 'global']);
    expect(client.status.refused).toMatchObject([
      { scope: `contest:${hidden}`, error: { code: 'not-found' } },
    ]);
    await live.publish(note(clients.player.playerId, 'still here'));
    await vi.waitFor(() => expect(received.titles()).toEqual(['still here']));
    await joinContest(live.test.database, { contestId: hidden, playerId: clients.player.playerId });
    await client.retryRefused();
    expect(client.status.refused).toEqual([]);
    const title = 'to those who take part';
    await live.publish({ type: 'ANNOUNCEMENT', data: { title, message: 'm', contestId: hidden } });
    await vi.waitFor(() => expect(received.titles()).toEqual(['still here', title]));
  });

  it('is closed, and reports why, when it is refused for good; and may be opened again', async () => {
    let present = 'not.a.token';
    const reasons: string[] = [];
    const client = start({
      getToken: (reason) => {
        reasons.push(reason);
        return present;
      },
    });
    await vi.waitFor(() => expect(client.state).toBe('closed'));
    expect(client.status.error).toMatchObject({ code: 'token-invalid', status: 401 });
    // It asked once for another one.
    expect(reasons).toEqual(['connect', 'refused']);
    present = clients.token;
    client.reconnect();
    await open(client);
  });

  it('replaces a token that is refused', async () => {
    const client = start({ getToken: (reason) => (reason === 'refused' ? clients.token : 'not.a.token') });
    const received = record(client);
    await open(client);
    expect(received.states).toEqual(['catching-up', 'open']);
    expect(await client.api.counts()).toMatchObject({ unread: expect.any(Number) });
  });

  it('refuses a token of another player', async () => {
    const other = await live.token((await createPlayer(live.test.database)).userId);
    let present = clients.token;
    const client = start({ getToken: () => present });
    await open(client);
    present = other;
    await expect(client.api.counts()).rejects.toMatchObject({ code: 'identity-changed' });
    client.reconnect();
    await vi.waitFor(() => expect(client.state).toBe('closed'));
    expect(client.status.error?.code).toBe('identity-changed');
  });

  it('extends its stream before the token ends', async () => {
    const reasons: string[] = [];
    const client = start({
      getToken: async (reason) => {
        reasons.push(reason);
        return live.token(clients.player.userId, reason === 'connect' ? 3 : 3600);
      },
    });
    const received = record(client);
    await open(client);
    await vi.waitFor(() => expect(reasons).toEqual(['connect', 'expiring']));
    // Well past the end of the first token.
    await vi.waitFor(() =>
      expect(client.serverNow()).toBeGreaterThan(Date.parse(received.opened[0]?.expiresAt ?? '') + 1_500),
    );
    expect(received.opened).toHaveLength(1);
    expect(client.state).toBe('open');
  });

  it('comes back with a new token when the old one ended in mid-stream', async () => {
    const client = start({
      getToken: async (reason) => {
        if (reason === 'expiring' && received.closes.length === 0) throw new Error('not now');
        return live.token(clients.player.userId, reason === 'connect' ? 2 : 3600);
      },
    });
    const received = record(client);
    await open(client);
    let number = 0;
    while (received.opened.length < 2)
      await live.publish(note(clients.player.playerId, `expiry ${number++}`));
    await vi.waitFor(() => expect(received.titles()).toHaveLength(number));
    expect(received.titles()).toEqual(Array.from({ length: number }, (_, index) => `expiry ${index}`));
    expect(received.closes).toEqual(['expired']);
    expect(received.errors).toContain('no-token');
  });

  it('says that history was lost before anything else, and goes on', async () => {
    const client = start({ from: '5-zzzz' });
    const order: string[] = [];
    client.on('reset', ({ lost }) => order.push(`reset ${lost?.after}`));
    client.on('open', ({ recovered }) => order.push(`open ${recovered}`));
    await open(client);
    expect(order).toEqual(['reset null', 'open false']);
    expect(client.cursor).not.toContain('zzzz');
  });

  it('resumes where the last page was, each scope where it was', async () => {
    const { storage } = createStorage();
    const first = start({ storage });
    const before = record(first);
    await open(first);
    await live.publish(note(clients.player.playerId, 'page one'));
    await vi.waitFor(() => expect(before.titles()).toEqual(['page one']));
    first.close();
    await live.publish(note(clients.player.playerId, 'between'));
    const second = start({ storage });
    const after = record(second);
    await open(second);
    await vi.waitFor(() => expect(after.titles()).toEqual(['between']));
    second.close();

    await live.publish(note(clients.player.playerId, 'later'));
    const late = start({ storage, resumeWithinMs: -1 });
    const fresh = record(late);
    await open(late);
    expect(fresh.opened[0]?.requested).toBeNull();
  });

  it('resumes where the last page was, also when that had added other scopes meanwhile', async () => {
    const { storage } = createStorage();
    const contest = await createContest(live.test.database);
    const first = start({ storage });
    await open(first);
    await first.setScopes(['player:me', `contest:${contest}`]);
    const before = record(first);
    await live.publish([note(clients.player.playerId, 'one'), note(clients.player.playerId, 'two')]);
    await vi.waitFor(() => expect(before.titles()).toEqual(['one', 'two']));
    first.close();
    await live.publish(note(clients.player.playerId, 'between'));
    const second = start({ storage });
    const after = record(second);
    await vi.waitFor(() => expect(after.titles()).toEqual(['between']));
  });

  it('keeps a cursor for each user: no player resumes where another was', async () => {
    const { storage } = createStorage();
    const mine = start({ storage });
    await open(mine);
    mine.close();
    const other = await createPlayer(live.test.database);
    await live.publish(note(other.playerId, 'before they came'));
    const otherToken = await live.token(other.userId);
    const theirs = start({ storage, getToken: () => otherToken });
    const received = record(theirs);
    await open(theirs);
    expect(received.opened[0]?.requested).toBeNull();
    expect(received.titles()).toEqual([]);
    const again = record(start({ storage }));
    await vi.waitFor(() => expect(again.opened[0]?.requested).toBe(mine.cursor));
  });

  it('does without what it finds in a storage that others wrote to', async () => {
    const { storage, kept } = createStorage();
    const first = start({ storage });
    await open(first);
    first.close();
    const [key] = kept.keys();
    for (const text of [
      '{',
      '7',
      '{"cursor":7}',
      `{"cursor":"7","at":${Date.now()},"scopes":[],"floors":[1]}`,
    ]) {
      kept.set(key as string, text);
      const received = record(start({ storage }));
      await vi.waitFor(() => expect(received.opened[0]?.requested).toBeNull());
    }
  });

  it('receives the reason of its close, and stays closed', async () => {
    const client = start();
    const received = record(client);
    await open(client);
    const answer = await fetch(`${live.url}/sessions/${client.status.streamId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${clients.token}` },
    });
    expect(answer.status).toBe(204);
    await vi.waitFor(() => expect(client.state).toBe('closed'));
    expect(client.status.closeReason).toBe('disconnected');
    expect(received.closes).toEqual(['disconnected']);
  });

  it('works without a network, on the app itself', async () => {
    const onApp: typeof fetch = async (input, init) => live.service.app.request(input as string, init);
    const client = start({ url: 'http://app.test', fetch: onApp });
    const received = record(client);
    await open(client);
    await live.publish(note(clients.player.playerId, 'in process'));
    await vi.waitFor(() => expect(received.titles()).toEqual(['in process']));
    expect((await client.api.notifications({ limit: 1 })).items[0]?.title).toBe('in process');
    const { streamId } = client.status;
    client.close();
    await vi.waitFor(async () => {
      const [row] = await live.test.database.query<{ at: Date | null }>(
        'SELECT disconnected_at AS at FROM stream_session WHERE stream_id = ?',
        [streamId],
      );
      expect(row?.at).toBeTruthy();
    });
  });
});
