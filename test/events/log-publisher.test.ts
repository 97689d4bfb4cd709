import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLogPublisher, type LogPublisher, MAX_EVENTS } from '../../src/events/log-publisher.ts';
import { prepare } from '../../src/events/prepare.ts';
import type { Appender } from '../../src/log/appender.ts';
import type { NewEvent } from '../../src/protocol/event.ts';
import { Problem } from '../../src/protocol/problem.ts';
import type { Published } from '../../src/protocol/publishing.ts';
import { anyText } from '../support/arbitrary.ts';
import { anyEvent } from '../support/arbitrary-events.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { expectGapless, openAppender, resetLog, wholeLog } from '../support/database/log.ts';
import { UNRESTRICTED } from '../support/unrestricted.ts';

const made = prepareDatabase();
const { database } = made;
let appender: Appender;
let publisher: LogPublisher;

beforeAll(async () => {
  appender = openAppender(database);
  publisher = createLogPublisher({
    append: (units) => appender.append(units),
    restrictions: async () => UNRESTRICTED,
  });
});
beforeEach(() => resetLog(database));
afterAll(() => appender.close());

const levelUp = (playerId: number, newLevel = 2): NewEvent => ({
  type: 'LEVEL_UP',
  data: { playerId, oldLevel: 1, newLevel },
});
const isEmpty = async () => (await wholeLog(database)).length === 0;
const problemOf = async (call: Promise<unknown>): Promise<Problem> => {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof Problem) return error;
  throw new Error('no problem was thrown', { cause: error });
};
const withoutDuplicate = (published: readonly Published[]) =>
  published.map(({ duplicate: _, ...rest }) => rest);

describe('publishing', () => {
  test('any valid events puts exactly what was answered into the log', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 8 }), async (events) => {
        const published = await publisher.publish(events);
        expect(published.map((event) => event.type)).toEqual(events.map((event) => event.type));
        const first = published[0]?.eventId as number;
        const rows = (await wholeLog(database)).filter((row) => row.id >= first);
        expect(rows.map(({ id, scope }) => ({ id, scope }))).toEqual(
          published.flatMap((event) => event.notifications),
        );
        for (const { eventId, notifications, type, cursor, duplicate } of published) {
          const own = rows.filter((row) => row.eventId === eventId);
          expect(own.map((row) => row.id)).toEqual(notifications.map((notification) => notification.id));
          expect(own.every((row) => row.type === type)).toBe(true);
          const last = notifications.at(-1)?.id;
          expect(cursor).toBe(`${last}-${rows.find(({ id }) => id === last)?.term}`);
          expect(duplicate).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
    await expectGapless(database);
  });

  test('stores title, message and data as the catalogue made them', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvent, async (event) => {
        const [published] = await publisher.publish(event);
        const rows = (await wholeLog(database)).filter((row) => row.eventId === published?.eventId);
        const draft = prepare(event.type, event.data);
        expect(rows.map(({ scope, title, message }) => ({ scope, title, message }))).toEqual(
          draft.rows.map(({ scope, title, message }) => ({ scope, title, message })),
        );
        for (const row of rows) expect(JSON.parse(row.data)).toEqual(JSON.parse(draft.data));
      }),
      { numRuns: 40 },
    );
  });

  test('several events is all of them or none: one that is not valid is named, and nothing is published', async () => {
    const events = [
      levelUp(1),
      levelUp(2),
      { type: 'LEVEL_UP', data: { playerId: 3, oldLevel: 1 } },
      levelUp(4),
    ];
    const problem = await problemOf(
      publisher.publishUnchecked(events.map((event, i) => ({ ...event, at: `/events/${i}` }))),
    );
    expect(problem.code).toBe('invalid-event');
    expect(problem.options.errors).toMatchObject([{ pointer: '/events/2/data/newLevel' }]);
    expect(await isEmpty()).toBe(true);
  });

  test('up to a thousand events is one call, and no more', async () => {
    const events = Array.from({ length: MAX_EVENTS }, (_, i) => levelUp(i + 1));
    expect((await publisher.publish(events)).length).toBe(MAX_EVENTS);
    await expectGapless(database);
    for (const refused of [[], [...events, levelUp(1)]])
      expect((await problemOf(publisher.publish(refused))).code).toBe('invalid-body');
    expect((await wholeLog(database)).length).toBe(2 * MAX_EVENTS);
  });

  test('what only the service may publish is refused from outside, and possible inside', async () => {
    const data = { playerId: 7, action: 'read', ids: [1], counts: { unread: 0, unseen: 0, total: 1 } };
    expect((await problemOf(publisher.publishUnchecked([{ type: 'RECEIPTS', data }]))).code).toBe(
      'invalid-event',
    );
    expect(await publisher.publishInternal('RECEIPTS', data)).toMatchObject({
      notifications: [{ id: 1, scope: 'player:7' }],
    });
  });
});

describe('an idempotency key', () => {
  test('of a whole call makes its repeat the same answer', async () => {
    const events = [levelUp(1), levelUp(2)];
    const first = await publisher.publish(events, { idempotencyKey: 'call' });
    await publisher.publish(levelUp(9));
    const again = await publisher.publish(events, { idempotencyKey: 'call' });
    expect(withoutDuplicate(again)).toEqual(withoutDuplicate(first));
    expect(again.map((event) => event.duplicate)).toEqual([true, true]);
    expect((await wholeLog(database)).length).toBe(6);
  });

  test('does not depend on the order in which fields are written', async () => {
    const first = await publisher.publish(
      { type: 'LEVEL_UP', data: { playerId: 1, oldLevel: 1, newLevel: 2 } },
      { idempotencyKey: 'k' },
    );
    const again = await publisher.publish(
      { type: 'LEVEL_UP', data: { newLevel: 2, oldLevel: 1, playerId: 1 } },
      { idempotencyKey: 'k' },
    );
    expect(withoutDuplicate(again)).toEqual(withoutDuplicate(first));
  });

  test('of a call that is repeated with anything else in it is a conflict', async () => {
    await publisher.publish([levelUp(1), levelUp(2)], { idempotencyKey: 'call' });
    for (const other of [[levelUp(1)], [levelUp(2), levelUp(1)], [levelUp(1), levelUp(2, 3)]])
      expect((await problemOf(publisher.publish(other, { idempotencyKey: 'call' }))).code).toBe(
        'idempotency-conflict',
      );
    expect((await wholeLog(database)).length).toBe(4);
  });

  test('of each event: those published before are answered, the others are published', async () => {
    const keyed = (event: NewEvent, idempotencyKey: string) => ({ ...event, idempotencyKey });
    const first = await publisher.publish([keyed(levelUp(1), 'a'), keyed(levelUp(2), 'b')]);
    const again = await publisher.publish([keyed(levelUp(3), 'c'), keyed(levelUp(2), 'b'), levelUp(4)]);
    expect(again.map((event) => event.duplicate)).toEqual([false, true, false]);
    expect(again[1]?.eventId).toBe(first[1]?.eventId);
    expect((await wholeLog(database)).length).toBe(8);
    await expectGapless(database);
  });

  test('of one event that is used with another body refuses the whole call', async () => {
    await publisher.publish({ ...levelUp(1), idempotencyKey: 'a' });
    const call = publisher.publish([levelUp(2), { ...levelUp(3), idempotencyKey: 'a' }]);
    expect((await problemOf(call)).code).toBe('idempotency-conflict');
    expect((await wholeLog(database)).length).toBe(2);
  });

  test('is given once: for the call or for events, and to one event only', async () => {
    const event = { ...levelUp(1), idempotencyKey: 'a' };
    expect((await problemOf(publisher.publish([event], { idempotencyKey: 'b' }))).code).toBe('invalid-body');
    const twice = [event, levelUp(2), { ...levelUp(3), idempotencyKey: 'a' }];
    const problem = await problemOf(
      publisher.publishUnchecked(twice.map((event, i) => ({ ...event, at: `/events/${i}` }))),
    );
    expect(problem.code).toBe('invalid-body');
    expect(problem.options.errors).toMatchObject([{ pointer: '/events/2/idempotencyKey' }]);
    expect(await isEmpty()).toBe(true);
  });

  test('is printable ASCII: another is refused, and one key is never taken for another', async () => {
    const text = fc.oneof(anyText(140), fc.stringMatching(/^[ -~]{1,128}$/));
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(text, async (idempotencyKey) => {
        const valid = /^[ -~]{1,128}$/.test(idempotencyKey) && !/[ \n]$/.test(idempotencyKey);
        const call = publisher.publish(levelUp(1), { idempotencyKey });
        if (!valid) return void expect((await problemOf(call)).code).toBe('invalid-body');
        expect((await call)[0]?.duplicate).toBe(seen.has(idempotencyKey));
        seen.add(idempotencyKey);
      }),
      { examples: [['k'], ['k '], ['K'], [' k'], ['%'], ['_'], ["'"], ['\\'], ['k\n']] },
    );
  });
});
