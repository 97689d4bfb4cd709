import { describe, expect, it } from 'vitest';
import { examine } from '../../../src/events/outbox/examine.ts';
import type { OutboxRow } from '../../../src/events/outbox/table.ts';

function row(type: string, payload: unknown, idempotencyKey: string | null = null): OutboxRow {
  return {
    id: 1,
    type,
    payload: typeof payload === 'string' || payload === null ? payload : JSON.stringify(payload),
    idempotencyKey,
  };
}

function reasonOf(...args: Parameters<typeof row>): string {
  const examined = examine(row(...args));
  return examined.kind === 'invalid' ? examined.reason : `no: ${examined.kind}`;
}

const levelUp = { playerId: 7, oldLevel: 11, newLevel: 12 };

describe('A row that is not valid', () => {
  it.each([
    ['LEVEL_UP', { playerId: 7, oldLevel: 11 }, 'The field newLevel is missing.'],
    [
      'LEVEL_UP',
      { ...levelUp, playerId: '7' },
      'The field playerId is the text "7" and must be a number: in MariaDB\'s JSON_OBJECT a variable becomes text, so write CAST(… AS SIGNED).',
    ],
    ['LEVEL_UP', { ...levelUp, playerId: 'seven' }, /^The field playerId is wrong: expected number/],
    ['LEVEL_UP', { ...levelUp, playerId: null }, /^The field playerId is wrong: .*received null\.$/],
    ['LEVEL_UP', { ...levelUp, playerId: 2 ** 53 }, /^The field playerId is wrong: /],
    ['LEVEL_UP', { ...levelUp, newLevel: 1.5 }, /^The field newLevel is wrong: expected int/],
    ['LEVEL_UP', { ...levelUp, extra: 1 }, 'The field extra is not a field of this event.'],
    ['LEVEL_UP', [], 'The payload is wrong: expected object, received array.'],
    ['LEVEL_UP', 'null', 'The payload is wrong: expected object, received null.'],
    ['LEVEL_UP', '7', 'The payload is wrong: expected object, received number.'],
    ['LEVEL_UP', '{"playerId":', 'The payload is not valid JSON.'],
    ['LEVEL_UP', null, 'The payload is larger than 524288 bytes.'],
    ['level_up', levelUp, '"level_up" is not a type of event, but LEVEL_UP is.'],
    ['Level-Up', levelUp, '"Level-Up" is not a type of event, but LEVEL_UP is.'],
    ['LEVELED', levelUp, '"LEVELED" is not a type of event.'],
    ['', {}, '"" is not a type of event.'],
    ['toString', {}, '"toString" is not a type of event.'],
    ['RECEIPTS', {}, 'The type RECEIPTS is published by the service alone.'],
    ['LEADERBOARD_UPDATE', {}, 'The type LEADERBOARD_UPDATE is published by the service alone.'],
    [
      'CONTEST_JOINED',
      { contestId: 3, players: [{ playerId: 1 }, { playerId: '2' }] },
      /^The field players\[1\]\.playerId is the text "2" and must be a number/,
    ],
    [
      'ANNOUNCEMENT',
      { title: 't', message: 'm', contestId: 1, playerId: 2 },
      'The field playerId is wrong: an announcement goes to everybody, to one contest, to one player or to one role.',
    ],
    [
      'ANNOUNCEMENT',
      '{"title":"\\ud800","message":"m"}',
      'The field title is wrong: holds half of a surrogate pair.',
    ],
    ['STANDINGS_TOUCHED', { contestId: '3' }, /^The field contestId is the text "3" and must be a number/],
    ['STANDINGS_TOUCHED', {}, 'The field contestId is missing.'],
    ['RECEIPTS_TOUCHED', { playerId: 7, id: 1, action: 'eaten' }, /^The field action is wrong: /],
    [
      'RECEIPTS_TOUCHED',
      { playerId: 7, id: 1, action: 'read', x: 1 },
      'The field x is not a field of this event.',
    ],
  ])('%s %j says why', (type, payload, reason) => {
    if (typeof reason === 'string') expect(reasonOf(type, payload)).toBe(reason);
    else expect(reasonOf(type, payload)).toMatch(reason);
  });

  it('names every field that is wrong', () => {
    expect(reasonOf('LEVEL_UP', { playerId: 7, colour: 'red' })).toBe(
      'The field oldLevel is missing. The field newLevel is missing. The field colour is not a field of this event.',
    );
  });

  it('is described in as many characters as the column takes, whatever the row holds', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`😀field ${i}`, i]));
    const reason = reasonOf('LEVEL_UP', { ...levelUp, ...many });
    expect(reason.length).toBeLessThanOrEqual(1000);
    expect(reason.endsWith('…')).toBe(true);
    expect(reason.isWellFormed()).toBe(true);
    expect(reasonOf('\u0001'.repeat(64), {}).length).toBeLessThanOrEqual(1000);
  });

  it('is one whose key could not be a key', () => {
    for (const key of ['', ' ', 'a ', 'a\n', '\u0001'])
      expect(reasonOf('LEVEL_UP', levelUp, key)).toMatch(/^The idempotency_key is wrong: /);
  });
});

describe('A row that is valid', () => {
  it('is an event, with its key', () => {
    expect(examine(row('LEVEL_UP', levelUp, 'level-up:7:12'))).toMatchObject({
      kind: 'event',
      id: 1,
      draft: { type: 'LEVEL_UP', playerId: 7 },
      key: { value: 'key:level-up:7:12' },
    });
    expect(examine(row('LEVEL_UP', levelUp))).toMatchObject({ kind: 'event', key: undefined });
  });

  it('may be no event but a notice for the service itself', () => {
    expect(examine(row('STANDINGS_TOUCHED', { contestId: 3, playerId: 7 }))).toEqual({
      kind: 'dirty-contest',
      id: 1,
      contestId: 3,
      playerId: 7,
    });
    for (const payload of [{ contestId: 3 }, { contestId: 3, playerId: null }])
      expect(examine(row('STANDINGS_TOUCHED', payload))).toMatchObject({ playerId: undefined });
    for (const action of ['seen', 'read', 'unread', 'archived', 'unarchived'])
      expect(examine(row('RECEIPTS_TOUCHED', { playerId: 7, id: 9, action }))).toEqual({
        kind: 'receipt',
        id: 1,
        playerId: 7,
        notificationId: 9,
        action,
      });
  });
});
