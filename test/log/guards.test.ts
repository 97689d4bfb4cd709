import { format } from 'mysql2';
import { beforeEach, describe, expect, test } from 'vitest';
import { isLocked } from '../../src/db/errors.ts';
import type { Precondition, Unit } from '../../src/log/append-statement.ts';
import { expectGapless, messagesIn, unitOf } from '../support/database/log.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { codeOf, outboxRow, prepareLog } from './fixture.ts';

const { database, appending, url } = prepareLog();
beforeEach(() => database.execute('DELETE FROM event_outbox'));

const outbox = async () =>
  (await database.query<{ type: string }>('SELECT type FROM event_outbox ORDER BY id')).map(
    ({ type }) => type,
  );
const taking = (...ids: number[]): Precondition => ({
  sql: format('DELETE FROM event_outbox WHERE id IN (?)', [ids]),
  expectedRows: ids.length,
});
const unit = (message: string, ...guards: Precondition[]): Unit => ({
  ...unitOf(message),
  preconditions: guards,
});

describe('a statement that is committed with a unit', () => {
  test('takes effect together with its rows', async () => {
    const ids = [
      await outboxRow(database, 'a'),
      await outboxRow(database, 'b'),
      await outboxRow(database, 'c'),
    ];
    await appending().append([unit('hello', taking(...ids.slice(0, 2)))]);
    expect(await messagesIn(database)).toEqual(['hello']);
    expect(await outbox()).toEqual(['c']);
  });

  test('that affects fewer rows than it must undoes them, and costs no other caller anything', async () => {
    const id = await outboxRow(database, 'a');
    const appender = appending();
    const others = ['one', 'two', 'three'].map((message) => appender.append([unitOf(message)]));
    const found = appender.append([unit('found', taking(id))]);
    const missed = appender.append([unitOf('with it'), unit('missed', taking(id + 1))]).catch(codeOf);
    await Promise.all([...others, found]);
    expect(await missed).toBe('superseded');
    expect((await messagesIn(database)).toSorted()).toEqual(['found', 'one', 'three', 'two']);
    await expectGapless(database);
    expect(await outbox()).toEqual([]);
  });

  test('whose rows another transaction has locked costs no other caller anything, and no waiting', async () => {
    const id = await outboxRow(database, 'a');
    const appender = appending();
    const free = await lockRows(url, `event_outbox WHERE id = ${id}`);
    const guard = { ...taking(id), rows: `event_outbox WHERE id = ${id}` };
    const others = ['one', 'two', 'three'].map((message) => appender.append([unitOf(message)]));
    const locked = await appender.append([unit('locked', guard)]).catch((error: unknown) => error);
    await Promise.all(others);
    expect([codeOf(locked), isLocked(locked)]).toEqual(['superseded', true]);
    expect((await messagesIn(database)).toSorted()).toEqual(['one', 'three', 'two']);
    await free();
    await appender.append([unit('free', guard)]);
    await expectGapless(database);
    expect(await outbox()).toEqual([]);
  });

  test('that waits for a lock costs other callers a moment, and its own is asked to try again', async () => {
    const id = await outboxRow(database, 'a');
    const appender = appending();
    await lockRows(url, `event_outbox WHERE id = ${id}`);
    const waiting = appender.append([unit('waits', taking(id))]).catch(codeOf);
    await Promise.all(['one', 'two'].map((message) => appender.append([unitOf(message)])));
    expect(await waiting).toBe('overloaded');
    await appender.append([unitOf('three')]);
    expect((await messagesIn(database)).toSorted()).toEqual(['one', 'three', 'two']);
    await expectGapless(database);
  });

  test('one of several that fails undoes what the others did', async () => {
    const id = await outboxRow(database, 'a');
    const guarded = unit('hello', taking(id), taking(id + 1));
    expect(await appending().append([guarded]).catch(codeOf)).toBe('superseded');
    expect(await outbox()).toEqual(['a']);
    expect(await messagesIn(database)).toEqual([]);
  });

  test('an UPDATE counts the rows it finds, whether or not they become different', async () => {
    await outboxRow(database, 'a');
    const guard: Precondition = {
      sql: "UPDATE event_outbox SET attempts = 0 WHERE type = 'a'",
      expectedRows: 1,
    };
    await appending().append([unit('hello', guard)]);
    expect(await messagesIn(database)).toEqual(['hello']);
  });

  test('an INSERT of a row that is there already is as good as one that found nothing', async () => {
    const id = await outboxRow(database, 'a');
    const guard: Precondition = {
      sql: format("INSERT INTO event_outbox (id, type, payload, created_at) VALUES (?, 'b', '{}', NOW())", [
        id,
      ]),
    };
    expect(
      await appending()
        .append([unit('hello', guard)])
        .catch(codeOf),
    ).toBe('superseded');
    expect(await messagesIn(database)).toEqual([]);
  });

  test('is won by one of many who try at once', async () => {
    const nodes = [appending(), appending(), appending()];
    for (let round = 0; round < 20; round++) {
      const id = await outboxRow(database, 'a');
      const outcomes = await Promise.all(
        nodes.map((node, i) =>
          node.append([unit(`${round} by ${i}`, taking(id))]).then(
            () => 'appended',
            (error) => codeOf(error),
          ),
        ),
      );
      expect(outcomes.toSorted()).toEqual(['appended', 'superseded', 'superseded']);
    }
    expect(await messagesIn(database)).toHaveLength(20);
    await expectGapless(database);
  });
});

describe('a unit with several keys', () => {
  const keyed = (message: string, ...keys: string[]): Unit => ({
    ...unitOf(message),
    keys: keys.map((key) => ({ value: `key:${key}`, fingerprint: Buffer.alloc(32, 7), keepMs: 60_000 })),
  });

  test('is a repeat when all of them are known, and superseded when a part is', async () => {
    const appender = appending();
    const [first] = await appender.append([keyed('both', 'a', 'b')]);
    expect(await appender.append([keyed('one', 'b')])).toEqual([
      { firstId: first?.firstId, duplicate: true, term: expect.any(String) },
    ]);
    expect(await appender.append([keyed('more', 'b', 'c')]).catch(codeOf)).toBe('superseded');
    expect(await messagesIn(database)).toEqual(['both']);
    expect(await appender.append([keyed('other', 'c')])).toMatchObject([{ duplicate: false }]);
  });
});
