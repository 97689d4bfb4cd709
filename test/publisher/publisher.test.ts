import { describe, expect, it, vi } from 'vitest';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { EVENT_TYPES } from '../../src/protocol/event.ts';
import { METHODS } from '../../src/publisher/methods.ts';
import { faultyFetch } from '../support/client/faulty-fetch.ts';
import { wholeLog } from '../support/database/log.ts';
import { createPlayer } from '../support/database/platform.ts';
import { prepareService, SECRET, serviceTokenOf } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';
import { notes, publisherTo, titles, titlesOf } from './fixture.ts';

describe('The publisher', () => {
  const live = prepareService();

  it('has a method for each type that may be published, and no other', () => {
    const open = EVENT_TYPES.filter((type) => !('internal' in CATALOGUE[type]));
    expect(Object.keys(METHODS).sort()).toEqual([...open].sort());
    expect(new Set(Object.values(METHODS)).size).toBe(open.length);
    const { publisher } = publisherTo(live);
    for (const method of Object.values(METHODS)) expect(publisher[method]).toBeTypeOf('function');
  });

  it('holds each method to its type of event', () => {
    // Never called: what is promised here is kept by the compiler, which checks this file.
    const compiled = ({ publisher }: ReturnType<typeof publisherTo>) => [
      publisher.problemSolved({ playerId: 7, problemId: 5, contestId: 3, points: 200 }),
      publisher.playerLevelUp({ playerId: 7, oldLevel: 1, newLevel: 2 }, { idempotencyKey: 'k' }),
      // @ts-expect-error a field is missing
      publisher.problemSolved({ playerId: 7 }),
      // @ts-expect-error the data is another type's
      publisher.playerTierUpgrade({ playerId: 7, oldLevel: 1, newLevel: 2 }),
      // @ts-expect-error only the service itself publishes leaderboards
      publisher.publish({ type: 'LEADERBOARD_UPDATE', data: {} }),
    ];
    expect(compiled).toBeTypeOf('function');
  });

  it('makes an event durable and live, and reports where it stands', async () => {
    const { userId, playerId } = await createPlayer(live.test.database);
    const client = listen(`${live.url}/streams/players/me`, await live.token(userId), ['problem-solved']);
    await client.ready();
    const { publisher } = publisherTo(live);
    const confirmation = await publisher.problemSolved({ playerId, problemId: 5, contestId: 3 }).confirmed;
    expect(confirmation).toMatchObject({
      duplicate: false,
      notifications: [{ scope: `player:${playerId}` }, { scope: 'problem:5' }, { scope: 'contest:3' }],
    });
    await vi.waitFor(() => expect(client.received.map(({ id }) => id)).toEqual([confirmation.eventId]));
    client.close();
    await publisher.close();
  });

  it('sends what is handed in during one turn as one request, and what comes meanwhile as the next', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const wire = faultyFetch();
    const { publisher } = publisherTo(live, { fetch: wire.fetch });
    wire.faults.push((send) => {
      publisher.publish(notes(playerId, 2_000, 3));
      return send();
    });
    publisher.publish(notes(playerId, 3));
    await publisher.flush();
    await publisher.flush();
    expect(wire.requests.map((events) => events.length)).toEqual([3, 1_000, 1_000]);
    expect(await titlesOf(live, playerId)).toEqual(titles(2_003));
    await publisher.close();
  });

  it('sends large events in requests that proxies let through', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const sizes: number[] = [];
    const { publisher, dropped } = publisherTo(live, {
      fetch: (input, init) => {
        sizes.push(Buffer.byteLength(String(init?.body)));
        return fetch(input, init);
      },
    });
    publisher.publish(
      notes(playerId, 60).map((note) => ({ ...note, data: { ...note.data, message: '€'.repeat(10_000) } })),
    );
    await publisher.flush();
    expect(dropped).toEqual([]);
    expect(sizes.length).toBe(4);
    expect(Math.max(...sizes)).toBeLessThan(512 * 1024);
    expect(await titlesOf(live, playerId)).toEqual(titles(60));
    await publisher.close();
  });

  it('names what happened, so that no other publisher doubles it', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const wire = faultyFetch();
    const { publisher, dropped } = publisherTo(live, { fetch: wire.fetch });
    // As a trigger would have published it, knowing more.
    const name = `level-up:${playerId}:2`;
    const data = { playerId, playerName: 'Ada', oldLevel: 1, newLevel: 2, xp: 300, subRank: 'Bronze II' };
    const [first] = (await (await live.publish([{ type: 'LEVEL_UP', data, idempotencyKey: name }])).json())
      .events;

    const repeat = publisher.playerLevelUp({ playerId, oldLevel: 1, newLevel: 2 });
    const next = publisher.playerLevelUp({ playerId, oldLevel: 2, newLevel: 3 });
    expect(await repeat.confirmed).toMatchObject({ duplicate: true, eventId: first.eventId });
    expect(await next.confirmed).toMatchObject({ duplicate: false });
    expect(wire.requests.flat().map((event) => event.idempotencyKey)).toEqual([
      name,
      `level-up:${playerId}:3`,
    ]);
    expect(await titlesOf(live, playerId)).toEqual(['Level 2', 'Level 3']);
    expect(dropped).toEqual([]);
    await publisher.close();
  });

  it('receives the same event twice in one turn, and it is published once', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const { publisher, dropped } = publisherTo(live);
    const receipts = [1, 2, 3].map(() => publisher.problemSolved({ playerId, problemId: 5, contestId: 3 }));
    const confirmed = await Promise.all(receipts.map((receipt) => receipt.confirmed));
    expect(confirmed.map(({ duplicate }) => duplicate)).toEqual([false, true, true]);
    expect(new Set(confirmed.map(({ eventId }) => eventId)).size).toBe(1);
    expect(dropped).toEqual([]);
    await publisher.close();
  });

  it('gives every other event a key of its own', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const wire = faultyFetch();
    const { publisher } = publisherTo(live, { fetch: wire.fetch });
    const move = { playerId, contestId: 3, oldRank: 5, newRank: 4 };
    publisher.playerRankChange(move);
    publisher.playerRankChange(move);
    publisher.playerRankChange(move, { idempotencyKey: `mine:${playerId}` });
    await publisher.flush();
    const keys = wire.requests.flat().map((event) => event.idempotencyKey);
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe(`mine:${playerId}`);
    expect(await titlesOf(live, playerId)).toHaveLength(3);
    await publisher.close();
  });

  it('sends what the data was when it was handed in', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const { publisher } = publisherTo(live);
    const data = { title: 'before', message: 'm', playerId };
    const { confirmed } = publisher.announcement(data);
    data.title = 'after';
    await confirmed;
    expect(await titlesOf(live, playerId)).toEqual(['before']);
    await publisher.close();
  });

  it('asks for the token before each request, and again after it was refused', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const expired = await serviceTokenOf(SECRET, { lifetimeS: -60 });
    const tokens = [
      () => expired,
      () => {
        throw new Error('the vault is sealed');
      },
      async () => live.serviceToken,
    ];
    const retried: string[] = [];
    const { publisher, dropped } = publisherTo(live, {
      token: () => (tokens.length > 1 ? tokens.shift() : tokens[0])?.() ?? '',
      onRetry: ({ error }) => retried.push(error.message),
    });
    publisher.publish(notes(playerId, 2));
    await publisher.flush();
    expect(retried).toEqual([expect.stringContaining('401: token-expired'), 'the vault is sealed']);
    expect(dropped).toEqual([]);
    expect(await titlesOf(live, playerId)).toEqual(titles(2));
    await publisher.close();
  });

  it('finds the service where it is mounted under a path', async () => {
    const seen: string[] = [];
    for (const url of [live.url, `${live.url}/`, `${live.url}/live`, new URL(`${live.url}/live/`)]) {
      const { publisher } = publisherTo(live, {
        url,
        fetch: async (input) => {
          seen.push(new URL(String(input)).pathname);
          return Response.json({
            events: [{ eventId: 1, notifications: [], duplicate: false, cursor: '1-a' }],
          });
        },
      });
      await publisher.contestEnd({ contestId: 3 }).confirmed;
      await publisher.close();
    }
    expect(seen).toEqual(['/events', '/events', '/live/events', '/live/events']);
    expect((await wholeLog(live.test.database)).some((row) => row.type === 'CONTEST_END')).toBe(false);
  });
});
