import { describe, expect, test } from 'vitest';
import type { Appended, Appender } from '../../src/log/appender.ts';
import type { LogRow } from '../../src/log/row.ts';
import { expectGapless, messagesIn, unitOf } from '../support/database/log.ts';
import { outcomes, prepareLog } from './fixture.ts';

const { database, appending } = prepareLog();

describe('an idempotency key', () => {
  test('used again with the same body gives the first answer again', async () => {
    const appender = appending();
    const [first] = await appender.append([unitOf('hello', 'k')]);
    await appender.append([unitOf('between')]);
    expect(await appender.append([unitOf('hello', 'k')])).toEqual([
      { firstId: first?.firstId, duplicate: true, term: expect.any(String) },
    ]);
    expect(await messagesIn(database)).toEqual(['hello', 'between']);
  });

  test('used many times at once, by several processes, is appended once', async () => {
    const nodes = [appending(), appending()];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        (nodes[i % 2] as Appender).append([unitOf(`hello ${i % 3}`, `k${i % 3}`)]),
      ),
    );
    expect((await messagesIn(database)).toSorted()).toEqual(['hello 0', 'hello 1', 'hello 2']);
    await expectGapless(database);
    for (const k of [0, 1, 2]) {
      const same = answers.filter((_, i) => i % 3 === k).map(([answer]) => answer as Appended);
      expect(new Set(same.map((answer) => answer.firstId)).size).toBe(1);
      expect(same.filter((answer) => !answer.duplicate).length).toBe(1);
    }
  });

  test('used with another body is refused, and costs no other caller anything', async () => {
    const appender = appending();
    await appender.append([unitOf('hello', 'k')]);
    const calls = [
      appender.append([unitOf('before')]),
      appender.append([unitOf('other', 'k')]),
      appender.append([unitOf('hello', 'k')]),
      appender.append([unitOf('together'), unitOf('other', 'k')]),
      appender.append([unitOf('after', 'k2')]),
    ];
    expect(await outcomes(calls)).toEqual([
      'appended',
      'idempotency-conflict',
      'appended',
      'idempotency-conflict',
      'appended',
    ]);
    expect(await messagesIn(database)).toEqual(['hello', 'before', 'after']);
    await expectGapless(database);
  });

  test('is used anew after it was released, in one append as in several', async () => {
    const appender = appending();
    const release = (message: string) => ({ ...unitOf(message), releases: ['key:k'] });
    const isRepeat = (answers: readonly Appended[]) => answers.map(({ duplicate }) => duplicate);
    // Where the release came first, the key would stay, and what follows would be a repeat.
    await appender.append([unitOf('one', 'k'), release('not one')]);
    expect(isRepeat(await appender.append([unitOf('two', 'k')]))).toEqual([false]);
    expect(isRepeat(await appender.append([unitOf('two', 'k'), release('not two')]))).toEqual([true, false]);
    expect(isRepeat(await appender.append([unitOf('three', 'k')]))).toEqual([false]);
    await appender.append([unitOf('other', 'other')]);
    expect(
      isRepeat(await appender.append([unitOf('other', 'other'), release('not three'), unitOf('four', 'k')])),
    ).toEqual([true, false, false]);
    expect(isRepeat(await appender.append([unitOf('four', 'k')]))).toEqual([true]);
    expect(await messagesIn(database)).toEqual([
      ...['one', 'not one', 'two', 'not two', 'three', 'other', 'not three', 'four'],
    ]);
  });

  test('used with two bodies at the same moment lets one of them through', async () => {
    const nodes = [appending(), appending()];
    for (let round = 0; round < 10; round++) {
      const results = await outcomes(
        ['a', 'b', 'c', 'd'].map((body, i) => (nodes[i % 2] as Appender).append([unitOf(body, `k${round}`)])),
      );
      expect(results.toSorted()).toEqual([
        'appended',
        'idempotency-conflict',
        'idempotency-conflict',
        'idempotency-conflict',
      ]);
    }
    expect((await messagesIn(database)).length).toBe(10);
    await expectGapless(database);
  });

  test('of a part of a call answers that part, and the rest is appended', async () => {
    const appender = appending();
    const [first] = await appender.append([unitOf('old', 'old')]);
    const rows: LogRow[] = [];
    const second = appending({ onCommitted: (committed) => rows.push(...committed) });
    const answer = await second.append([unitOf('new 1', 'n1'), unitOf('old', 'old'), unitOf('new 2')]);
    expect(answer).toEqual([
      { firstId: 2, duplicate: false, term: expect.any(String) },
      { firstId: first?.firstId, duplicate: true, term: expect.any(String) },
      { firstId: 3, duplicate: false, term: expect.any(String) },
    ]);
    expect(await messagesIn(database)).toEqual(['old', 'new 1', 'new 2']);
    expect(rows.map((row) => row.message)).toEqual(['new 1', 'new 2']);
  });

  test('that the database takes for another one fails its own call, and nothing else', async () => {
    // `ascii_bin` compares without spaces at the end.
    const appender = appending();
    await appender.append([unitOf('hello', 'k')]);
    const calls = [appender.append([unitOf('hello', 'k ')]), appender.append([unitOf('innocent')])];
    const [odd, innocent] = await Promise.allSettled(calls);
    expect(odd?.status).toBe('rejected');
    expect(innocent?.status).toBe('fulfilled');
    expect(await messagesIn(database)).toEqual(['hello', 'innocent']);
  });
});
