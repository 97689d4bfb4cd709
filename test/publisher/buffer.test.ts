import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPublisher } from '../../src/publisher/index.ts';
import { answers, faultyFetch, unreachable } from '../support/client/faulty-fetch.ts';
import { createPlayer } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { notes, publisherTo, titles, titlesOf } from './fixture.ts';

const down: typeof fetch = async () => {
  throw new TypeError('fetch failed');
};

describe('The publisher', () => {
  const live = prepareService();
  afterEach(() => vi.restoreAllMocks());

  it('keeps the first so many events, and says of each later one that there was no room', async () => {
    const { playerId } = await createPlayer(live.test.database);
    let isDown = true;
    const { publisher, dropped } = publisherTo(live, {
      maxEvents: 100,
      fetch: (input, init) => (isDown ? down(input, init) : fetch(input, init)),
    });
    publisher.publish(notes(playerId, 100));
    const { confirmed } = publisher.publish(notes(playerId, 20, 100));
    await expect(confirmed).rejects.toMatchObject({ name: 'PublishError', reason: 'buffer-full' });
    expect(dropped.map(({ event }) => event.data)).toEqual(notes(playerId, 20, 100).map(({ data }) => data));
    expect(dropped.every(({ event }) => event.idempotencyKey !== undefined)).toBe(true);
    isDown = false;
    await publisher.flush();
    publisher.publish(notes(playerId, 1, 100));
    await publisher.close();
    expect(dropped).toHaveLength(20);
    expect(await titlesOf(live, playerId)).toEqual(titles(101));
  });

  it('is bounded by what the events weigh, in bytes', async () => {
    const { publisher, dropped } = publisherTo(live, { maxBytes: 10_000, fetch: down });
    for (let i = 0; i < 5; i++) publisher.announcement({ title: 't', message: '€'.repeat(1_000) });
    expect(dropped.map(({ reason }) => reason)).toEqual(['buffer-full', 'buffer-full']);
    await publisher.close({ timeoutMs: 0 });
  });

  it('gives up what waited too long', async () => {
    const { publisher, dropped } = publisherTo(live, { giveUpAfterMs: 20, fetch: down });
    const { confirmed } = publisher.publish(notes(7, 3));
    await expect(confirmed).rejects.toMatchObject({ reason: 'expired' });
    // Each waits since its own call: one of them may expire a round later than the first.
    await publisher.flush();
    expect(dropped.map(({ reason }) => reason)).toEqual(['expired', 'expired', 'expired']);
    await publisher.close();
  });

  it('never throws into the request, whatever it is handed', async () => {
    const { publisher, dropped } = publisherTo(live);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const handed = [circular, 1n, undefined, null];
    for (const data of handed) publisher.playerLevelUp(data as never);
    publisher.publish(undefined as never);
    publisher.publish([null] as never);
    publisher.publish([]);
    await publisher.flush();
    expect(dropped.map(({ reason }) => reason)).toEqual(Array(6).fill('invalid'));
    await publisher.close();
  });

  it('goes on when a listener throws', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const wire = faultyFetch();
    wire.faults.push(unreachable);
    const listener = () => {
      throw new Error('a bug of the application');
    };
    const { publisher } = publisherTo(live, { fetch: wire.fetch, onError: listener, onRetry: listener });
    publisher.playerLevelUp({ playerId, oldLevel: 1, newLevel: 0 });
    publisher.publish(notes(playerId, 2));
    await publisher.flush();
    expect(logged).toHaveBeenCalledTimes(2);
    expect(await titlesOf(live, playerId)).toEqual(titles(2));
    await publisher.close();
  });

  it('logs to the console what has no handler', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const wire = faultyFetch();
    wire.faults.push(unreachable, answers(503));
    const publisher = createPublisher({
      url: live.url,
      token: live.serviceToken,
      fetch: wire.fetch,
      backoff: { minMs: 1, maxMs: 1 },
    });
    publisher.playerLevelUp({ playerId: 7, oldLevel: 1, newLevel: 0 });
    await publisher.close();
    expect(warn.mock.calls).toEqual([[expect.stringContaining('fetch failed (connect ECONNREFUSED)')]]);
    expect(error.mock.calls).toEqual([[expect.stringMatching(/LEVEL_UP was refused: \/data\/newLevel/)]]);
    expect(JSON.stringify([...warn.mock.calls, ...error.mock.calls])).not.toContain(live.serviceToken);
  });

  it('delivers what waits when it is closed, without the rest of a wait', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const wire = faultyFetch();
    wire.faults.push(answers(503, '', { 'retry-after': '250' }));
    const { publisher, dropped } = publisherTo(live, { fetch: wire.fetch });
    publisher.publish(notes(playerId, 5));
    await expect.poll(() => wire.faults.length, { interval: 1, timeout: 20_000 }).toBe(0);
    await publisher.close({ timeoutMs: 20_000 });
    expect(await titlesOf(live, playerId)).toEqual(titles(5));
    await expect(publisher.publish(notes(playerId, 1)).confirmed).rejects.toMatchObject({ reason: 'closed' });
    expect(dropped).toHaveLength(1);
    await publisher.close();
  });

  it('closes within its time although nothing answers, and hands back what was not confirmed', async () => {
    let asked = 0;
    const { publisher, dropped } = publisherTo(live, {
      fetch: () => {
        asked += 1;
        return new Promise(() => {});
      },
    });
    const receipt = publisher.publish(notes(7, 3));
    await expect.poll(() => asked, { interval: 1, timeout: 20_000 }).toBe(1);
    await Promise.all([publisher.close({ timeoutMs: 10 }), publisher.flush()]);
    await expect(receipt.confirmed).rejects.toMatchObject({ reason: 'closed' });
    expect(dropped.map(({ event }) => event.data)).toEqual(notes(7, 3).map(({ data }) => data));
    expect(asked).toBe(1);
  });

  it('takes nothing for an address that is none', () => {
    expect(() => createPublisher({ url: 'codecraft', token: '' })).toThrow(TypeError);
  });
});
