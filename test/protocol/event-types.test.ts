import { expect, expectTypeOf, test } from 'vitest';
import type { LogPublisher } from '../../src/events/log-publisher.ts';
import type { EventData, EventName, NewEvent, Notification } from '../../src/protocol/event.ts';

test('a wrong payload does not compile', () => {
  // Never called: what is promised here is kept by the compiler, which checks this file.
  const compiled = (publish: LogPublisher['publish']) => [
    publish({ type: 'LEVEL_UP', data: { playerId: 7, oldLevel: 1, newLevel: 2 } }),
    publish([
      { type: 'ANNOUNCEMENT', data: { title: 'Hello', message: 'World' } },
      {
        type: 'TIER_UPGRADE',
        data: { playerId: 7, oldTier: 'SILVER', newTier: 'GOLD' },
        idempotencyKey: 'a',
      },
    ]),
    // @ts-expect-error a field is missing
    publish({ type: 'LEVEL_UP', data: { playerId: 7, oldLevel: 1 } }),
    // @ts-expect-error a field has the wrong type
    publish({ type: 'LEVEL_UP', data: { playerId: '7', oldLevel: 1, newLevel: 2 } }),
    // @ts-expect-error a field is not one of this event's
    publish({ type: 'LEVEL_UP', data: { playerId: 7, oldLevel: 1, newLevel: 2, contestId: 3 } }),
    // @ts-expect-error the data is another type's
    publish({ type: 'TIER_UPGRADE', data: { playerId: 7, oldLevel: 1, newLevel: 2 } }),
    // @ts-expect-error a word that is not one of the field's
    publish({ type: 'TIER_UPGRADE', data: { playerId: 7, oldTier: 'GOLD', newTier: 'PLATINUM' } }),
    // @ts-expect-error no such type
    publish({ type: 'LEVEL_DOWN', data: {} }),
    // @ts-expect-error only the service itself publishes receipts
    publish({ type: 'RECEIPTS', data: { playerId: 7, action: 'read', counts: {} } }),
    publish([
      { type: 'ACHIEVEMENT', data: { playerId: 7, achievement: 'first', name: 'First' } },
      // @ts-expect-error one of several is wrong
      { type: 'ACHIEVEMENT', data: { playerId: 7 } },
    ]),
  ];
  expect(compiled).toBeTypeOf('function');
});

test('a notification is distinguished by its type', () => {
  const titleOf = (notification: Notification): string =>
    notification.type === 'LEVEL_UP' ? `level ${notification.data.newLevel}` : notification.title;
  expect(titleOf).toBeTypeOf('function');
  expectTypeOf<EventName<'LEADERBOARD_UPDATE'>>().toEqualTypeOf<'leaderboard-update'>();
  expectTypeOf<EventData<'ANNOUNCEMENT'>['severity']>().toEqualTypeOf<'INFO' | 'WARNING' | 'SUCCESS'>();
  expectTypeOf<Extract<NewEvent, { type: 'ANNOUNCEMENT' }>['data']['severity']>().toEqualTypeOf<
    'INFO' | 'WARNING' | 'SUCCESS' | undefined
  >();
});
