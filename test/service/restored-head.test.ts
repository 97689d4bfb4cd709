import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, startService, startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { readStream } from '../support/wire/raw-stream.ts';

describe('log_head that is restored alone', () => {
  let live: TestService;
  let player: PlayerIds;
  let token: string;
  beforeAll(async () => {
    live = await startService({ PRESENCE_INTERVAL_MS: '600000' });
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
  });
  afterAll(() => live.close());

  const open = (at: TestService, lastEventId?: string) =>
    readStream(`${at.url}/streams?scope=player:me`, {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    });
  const publish = async (at: TestService, ...titles: string[]) => {
    for (const title of titles) expect((await at.publish(note(player.playerId, title))).status).toBe(201);
  };
  const titles = (stream: Awaited<ReturnType<typeof open>>) =>
    stream.events
      .filter(({ event }) => event === 'announcement')
      .map(({ data }) => (JSON.parse(data) as { title: string }).title);
  const opening = (stream: Awaited<ReturnType<typeof open>>) =>
    JSON.parse(stream.events.find(({ event }) => event === 'stream-open')?.data ?? '{}');
  const ready = async (at: TestService) => (await fetch(`${at.url}/ready`)).status;
  /** Sets the head back to where it was three rows ago, with the tag of the row there. */
  const setBack = () =>
    live.test.database.execute(
      `UPDATE log_head SET head = head - 3, tagged_head = head,
        tag = (SELECT tag FROM notification WHERE id = log_head.head)`,
    );

  it('under a running node stops neither publishing nor streams, and loses no cursor', async () => {
    const before = await open(live);
    await until(() => before.events.length > 0);
    await publish(live, 'a', 'b', 'c', 'd', 'e');
    await until(() => titles(before).length === 5);
    const cursors = before.events.map(({ lastEventId }) => lastEventId);
    await setBack();
    // A cursor above the head that is stored, in the moment after the restore.
    const resumed = await open(live, cursors.at(-2));
    await publish(live, 'f', 'g');
    await until(() => titles(before).length === 7 && titles(resumed).length === 3);
    expect(titles(before)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(opening(resumed)).toMatchObject({ recovered: true });
    expect(titles(resumed)).toEqual(['e', 'f', 'g']);
    expect(await ready(live)).toBe(200);
    for (const stream of [before, resumed]) stream.close();
  });

  it('while no node runs does the same after the start', async () => {
    const before = await open(live);
    await until(() => before.events.length > 0);
    await publish(live, 'h', 'i', 'j', 'k');
    await until(() => titles(before).length === 4);
    before.close();
    const cursors = before.events.map(({ lastEventId }) => lastEventId);
    await live.service.close();
    await setBack();
    const next = await startServiceOn(
      { ...live.test, drop: async () => {} },
      { PRESENCE_INTERVAL_MS: '600000' },
    );
    const fresh = await open(next);
    const resumed = await open(next, cursors.at(-2));
    await publish(next, 'l');
    await until(() => titles(resumed).length === 2 && titles(fresh).length > 0);
    expect(opening(resumed)).toMatchObject({ recovered: true });
    expect(titles(resumed)).toEqual(['k', 'l']);
    expect(titles(fresh)).toEqual(['l']);
    expect(await ready(next)).toBe(200);
    for (const stream of [fresh, resumed]) stream.close();
    await next.close();
  });
});
