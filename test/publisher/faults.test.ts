import { describe, expect, it } from 'vitest';
import { answerLost, answers, type Fault, faultyFetch, unreachable } from '../support/client/faulty-fetch.ts';
import { createPlayer } from '../support/database/platform.ts';
import { seededRandom } from '../support/random.ts';
import { prepareService } from '../support/service.ts';
import { notes, publisherTo, titles, titlesOf } from './fixture.ts';

describe('The publisher', () => {
  const live = prepareService();

  it('repeats what failed until it is confirmed, and doubles nothing', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const wire = faultyFetch();
    const kinds: Fault[] = [
      unreachable,
      answerLost,
      answers(503, '{}'),
      answers(429),
      answers(502, '<html>'),
      answers(404, '<html>'),
      answers(401),
      answers(200, '<html>Welcome to the hotel'),
      answers(200, '{"events":[]}'),
      answers(400, '<html>The plain HTTP request was sent to HTTPS port'),
    ];
    const random = seededRandom();
    const faults = [...kinds, ...kinds, ...kinds]
      .map((fault) => ({ fault, place: random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ fault }) => fault);
    wire.faults.push(...faults);
    const { publisher, dropped } = publisherTo(live, { fetch: wire.fetch });
    let handedIn = 0;
    while (wire.faults.length > 0) {
      publisher.publish(notes(playerId, 7, handedIn));
      handedIn += 7;
      const left = wire.faults.length;
      await expect.poll(() => wire.faults.length, { interval: 1, timeout: 20_000 }).toBeLessThan(left);
    }
    await publisher.flush();
    expect(dropped).toEqual([]);
    expect(await titlesOf(live, playerId)).toEqual(titles(handedIn));
    await publisher.close();
  });

  it('waits as long as the service asks for, and reports each failure', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const wire = faultyFetch();
    wire.faults.push(answers(503, '', { 'retry-after': '1' }), answers(429), unreachable);
    const retries: { attempt: number; waitMs: number; waiting: number }[] = [];
    const { publisher } = publisherTo(live, {
      fetch: wire.fetch,
      onRetry: ({ attempt, waitMs, waiting }) => retries.push({ attempt, waitMs, waiting }),
    });
    publisher.publish(notes(playerId, 3));
    await publisher.flush();
    expect(retries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(retries.map(({ waiting }) => waiting)).toEqual([3, 3, 3]);
    expect(retries[0]?.waitMs).toBeGreaterThanOrEqual(1_000);
    expect(retries[2]?.waitMs).toBeLessThanOrEqual(4);
    await publisher.close();
  });

  it('does not wait for ever for an answer', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const wire = faultyFetch();
    // Neither listens to its signal.
    wire.faults.push(() => new Promise(() => {}));
    let asked = 0;
    const { publisher } = publisherTo(live, {
      fetch: wire.fetch,
      timeoutMs: 1_000,
      token: () => (asked++ === 0 ? new Promise<string>(() => {}) : live.serviceToken),
    });
    await publisher.publish(notes(playerId, 1)).confirmed;
    expect(asked).toBe(3);
    expect(wire.requests).toHaveLength(2);
    await publisher.close();
  });

  it('drops what the service finds wrong, naming the field, and nothing else of the same request', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const { publisher, dropped } = publisherTo(live);
    const good = notes(playerId, 40);
    const wrong = [
      { type: 'LEVEL_UP', data: { playerId, oldLevel: 1, newLevel: 0 } },
      { type: 'LEVEL_UP', data: { playerId: 'x', oldLevel: 1, newLevel: 2 } },
      { type: 'LEVEL_DOWN', data: { playerId } },
      { type: 'RECEIPTS', data: { playerId } },
      { type: 'ACHIEVEMENT', data: { playerId, achievement: 'Erste Lösung', name: 'First' } },
      { type: 'PROBLEM_SOLVED', data: { playerId, problemId: 5, 'a/b': 1 } },
      { type: 'ANNOUNCEMENT', data: 'no object' },
      { type: 'ANNOUNCEMENT', data: { title: 't', message: 'm', playerId }, idempotencyKey: 'Schlüssel' },
    ];
    const events = good.flatMap((event, index) => (index % 5 === 0 ? [wrong[index / 5], event] : [event]));
    const receipts = events.map((event) => publisher.publish(event as never));
    await publisher.flush();
    expect(dropped.map(({ reason }) => reason)).toEqual(wrong.map(() => 'refused'));
    const fields = new Map(
      dropped.map(({ event, refusal }) => [event.data, refusal?.errors.map(({ pointer }) => pointer)]),
    );
    expect(wrong.slice(0, 6).map(({ data }) => fields.get(data as never))).toEqual([
      ['/data/newLevel'],
      ['/data/playerId'],
      ['/type'],
      ['/type'],
      ['/data/achievement'],
      ['/data/a~1b'],
    ]);
    expect(await titlesOf(live, playerId)).toEqual(titles(40));
    for (const [index, event] of events.entries()) {
      const rejected = expect(receipts[index]?.confirmed);
      if (wrong.includes(event as never)) await rejected.rejects.toMatchObject({ reason: 'refused' });
      else await rejected.resolves.toMatchObject([{ duplicate: false }]);
    }
    await publisher.close();
  });

  it('drops an event whose key was used for another, and nothing else of the same request', async () => {
    const { playerId } = await createPlayer(live.test.database);
    const key = `used:${playerId}`;
    await live.publish([
      { type: 'ANNOUNCEMENT', data: { title: 'x', message: 'first' }, idempotencyKey: key },
    ]);
    const { publisher, dropped } = publisherTo(live);
    publisher.publish(notes(playerId, 20));
    publisher.announcement({ title: 'x', message: 'second' }, { idempotencyKey: key });
    publisher.publish(notes(playerId, 20, 20));
    await publisher.flush();
    expect(dropped.map(({ refusal }) => refusal?.code)).toEqual(['idempotency-conflict']);
    expect(await titlesOf(live, playerId)).toEqual(titles(40));
    await publisher.close();
  });

  it('finds by halves the event that something answers with a 413 or a 500 for no said reason', async () => {
    for (const status of [413, 500]) {
      const { playerId } = await createPlayer(live.test.database);
      const { publisher, dropped } = publisherTo(live, {
        fetch: async (input, init) =>
          String(init?.body).includes('"n17"') ? new Response('', { status }) : fetch(input, init),
      });
      publisher.publish(notes(playerId, 50));
      await publisher.flush();
      expect(dropped.map(({ refusal }) => refusal)).toEqual([expect.objectContaining({ status })]);
      expect(dropped[0]?.event.data).toMatchObject({ title: 'n17' });
      expect(await titlesOf(live, playerId)).toEqual(titles(50).filter((title) => title !== 'n17'));
      await publisher.close();
    }
  });
});
