import { describe, expect, it, vi } from 'vitest';
import { createContest, createPlayer, joinContest, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

interface Page {
  items: {
    id: number;
    title: string;
    readAt: string | null;
    seenAt: string | null;
    archivedAt: string | null;
  }[];
  next: number | null;
  counts: { unread: number; unseen: number; total: number };
  cursor: string;
}

describe('The inbox', () => {
  const live = prepareService();

  /** A player of the test's own. Announcements to everybody would be seen by all tests, so none is made here. */
  async function newPlayer() {
    const ids = await createPlayer(live.test.database);
    const token = await live.token(ids.userId);
    const call = async <T = Page>(
      method: string,
      path: string,
      body?: unknown,
    ): Promise<{ status: number; body: T }> => {
      const response = await fetch(live.url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: response.status, body: (await response.json()) as T };
    };
    return { ...ids, token, call };
  }
  async function give(player: PlayerIds, count: number, prefix = 'n'): Promise<number[]> {
    const events = Array.from({ length: count }, (_, index) => note(player.playerId, `${prefix}${index}`));
    const response = await live.publish(events);
    expect(response.status).toBe(201);
    const { events: published } = (await response.json()) as { events: { eventId: number }[] };
    return published.map((event) => event.eventId);
  }

  it('pages from the newest to the oldest, each once, while new ones arrive', async () => {
    const me = await newPlayer();
    await give(me, 25);
    const seen: string[] = [];
    let before = '';
    for (let page = 0; page < 10; page++) {
      const { body } = await me.call('GET', `/notifications?limit=10${before}`);
      seen.push(...body.items.map((item) => item.title));
      await give(me, 1, 'late');
      if (body.next === null) break;
      before = `&before=${body.next}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `n${24 - index}`));
  });

  it('holds what was sent to the player and to the contests joined, and nothing of other contests', async () => {
    const me = await newPlayer();
    const mine = await createContest(live.test.database);
    const other = await createContest(live.test.database);
    await joinContest(live.test.database, { contestId: mine, playerId: me.playerId });
    for (const contestId of [mine, other])
      await live.publish({
        type: 'CONTEST_STATUS',
        data: { contestId, contestTitle: `C${contestId}`, oldStatus: 'UPCOMING', newStatus: 'LIVE' },
      });
    // Not an inbox message: it only passes by on the contest's stream.
    await live.publish({
      type: 'CONTEST_JOINED',
      data: { contestId: mine, players: [{ playerId: me.playerId }] },
    });
    const { body } = await me.call('GET', '/notifications');
    expect(body.items.map((item) => item.title)).toEqual([`C${mine}`]);
  });

  it('marks one as read and unread, idempotently, and the first reading stays', async () => {
    const me = await newPlayer();
    const [id] = await give(me, 3);
    const first = await me.call<{ changed: number; counts: Page['counts'] }>(
      'PUT',
      `/notifications/${id}/read`,
    );
    expect(first.body).toEqual({ changed: 1, counts: { unread: 2, unseen: 2, total: 3 } });
    const readAt = async () =>
      (await me.call('GET', '/notifications')).body.items.find((item) => item.id === id)?.readAt;
    const at = await readAt();
    expect(at).toBeTruthy();
    const again = await me.call<{ changed: number }>('PUT', `/notifications/${id}/read`);
    expect(again).toMatchObject({ status: 200, body: { changed: 0 } });
    expect(await readAt()).toBe(at);
    const undone = await me.call('DELETE', `/notifications/${id}/read`);
    expect(undone.body.counts).toEqual({ unread: 3, unseen: 2, total: 3 });
    expect(await readAt()).toBeNull();
  });

  it('archives, which counts as read, and takes out of the archive', async () => {
    const me = await newPlayer();
    const [id] = await give(me, 2);
    const archived = await me.call('PUT', `/notifications/${id}/archived`);
    expect(archived.body.counts).toEqual({ unread: 1, unseen: 1, total: 1 });
    const listed = async (query = '') =>
      (await me.call('GET', `/notifications${query}`)).body.items.map((item) => item.id);
    expect(await listed()).not.toContain(id);
    expect(await listed('?archived=true')).toEqual([id]);
    const back = await me.call('DELETE', `/notifications/${id}/archived`);
    expect(back.body.counts).toEqual({ unread: 1, unseen: 1, total: 2 });
    expect(await listed('?unread=false')).toEqual([id]);
  });

  it('marks many by their ids, and all through an id', async () => {
    const me = await newPlayer();
    const ids = await give(me, 10);
    const some = await me.call<{ changed: number }>('POST', '/notifications/read', {
      ids: [ids[0], ids[1], 999_999_999],
    });
    expect(some.body.changed).toBe(2);
    const through = await me.call('POST', '/notifications/read', { throughId: ids[6] });
    expect(through.body).toMatchObject({ changed: 5, counts: { unread: 3 } });
    expect((await me.call('POST', '/notifications/read', {})).status).toBe(422);
    expect((await me.call('POST', '/notifications/read', { ids, throughId: 1 })).status).toBe(422);
  });

  it("leaves another player's notifications alone, and does not show whether they exist", async () => {
    const me = await newPlayer();
    const other = await newPlayer();
    const [theirs] = await give(other, 1);
    const foreign = await me.call<object>('PUT', `/notifications/${theirs}/read`);
    const missing = await me.call<object>('PUT', '/notifications/999999999/read');
    expect(foreign.status).toBe(404);
    expect(foreign.body).toEqual(missing.body);
    const bulk = await me.call<{ changed: number }>('POST', '/notifications/read', { ids: [theirs] });
    expect(bulk.body.changed).toBe(0);
    expect((await other.call('GET', '/notifications/counts')).body).toMatchObject({ unread: 1 });
  });

  it("echoes changes to the player's streams; after changes at once the last echo is right", async () => {
    const me = await newPlayer();
    const ids = await give(me, 20);
    const controller = new AbortController();
    const response = await fetch(`${live.url}/streams/players/me?types=RECEIPTS`, {
      headers: { authorization: `Bearer ${me.token}` },
      signal: controller.signal,
    });
    const echoes: { counts: Page['counts'] }[] = [];
    const reading = (async () => {
      let text = '';
      for await (const chunk of response.body as ReadableStream<Uint8Array>) {
        text += new TextDecoder().decode(chunk);
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames)
          if (frame.includes('event: receipts'))
            echoes.push(JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '{}').data);
      }
    })().catch(() => {});
    await Promise.all(ids.slice(0, 12).map((id) => me.call('PUT', `/notifications/${id}/read`)));
    await vi.waitFor(() => expect(echoes.at(-1)?.counts).toEqual({ unread: 8, unseen: 8, total: 20 }));
    const before = echoes.length;
    await me.call('PUT', `/notifications/${ids[0]}/read`);
    expect((await me.call('GET', '/notifications/counts')).body).toEqual({ unread: 8, unseen: 8, total: 20 });
    expect(echoes).toHaveLength(before);
    controller.abort();
    await reading;
  });
});
