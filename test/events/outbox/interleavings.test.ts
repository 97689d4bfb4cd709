import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Connection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { expectGapless, resetLog } from '../../support/database/log.ts';
import { expectSame, outboxRows, relayed, titlesIn } from '../../support/database/outbox.ts';
import { prepareOutbox } from './fixture.ts';

const outbox = prepareOutbox();

/** One transaction of one writer. Times in ms. */
interface Writing {
  readonly rows: number;
  readonly between: number;
  readonly beforeCommit: number;
  readonly rollback: boolean;
  readonly invalidAt: number;
  readonly key: 'none' | 'own' | 'shared';
}

const pause = fc.integer({ min: 0, max: 12 });
const writing: fc.Arbitrary<Writing> = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  between: fc.integer({ min: 0, max: 3 }),
  beforeCommit: pause,
  rollback: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  invalidAt: fc.integer({ min: 0, max: 12 }),
  key: fc.constantFrom('none', 'own', 'shared'),
});
const WRITERS = 5;
const plans = fc.array(fc.array(writing, { minLength: 3, maxLength: 10 }), {
  minLength: WRITERS,
  maxLength: WRITERS,
});

interface Committed {
  readonly titles: string[];
  readonly began: number;
  readonly ended: number;
}

/** Runs the transactions of one writer, and returns what committed, and when. */
async function write(connection: Connection, name: string, plan: readonly Writing[]): Promise<Committed[]> {
  const committed: Committed[] = [];
  for (const [number, { rows, between, beforeCommit, rollback, invalidAt, key }] of plan.entries()) {
    const began = performance.now();
    const titles: string[] = [];
    await connection.query('START TRANSACTION');
    for (let row = 0; row < rows; row++) {
      const title = `${name}/${number}/${row}`;
      const payload = row === invalidAt ? { title } : { title, message: 'm' };
      const keyOf = { none: null, own: title, shared: `${title} and its repeat` }[key];
      for (let times = key === 'shared' ? 2 : 1; times > 0; times--)
        await connection.query('CALL live_publish(?, ?, ?)', [
          'ANNOUNCEMENT',
          JSON.stringify(payload),
          keyOf,
        ]);
      if (row !== invalidAt) titles.push(title);
      await sleep(between);
    }
    await sleep(beforeCommit);
    await connection.query(rollback ? 'ROLLBACK' : 'COMMIT');
    if (!rollback) committed.push({ titles, began, ended: performance.now() });
  }
  return committed;
}

test('Whatever order transactions commit in, what they committed is published once, and never against its order', {
  timeout: 120_000,
}, async () => {
  const { database } = outbox;
  for (let i = 0; i < 2; i++) outbox.relaying();
  const connections = await Promise.all(Array.from({ length: WRITERS }, () => database.connect()));
  outbox.closing(async () => {
    for (const connection of connections) connection.destroy();
  });
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      await resetLog(database);
      await database.execute('DELETE FROM event_outbox');
      const committed = (
        await Promise.all(plan.map((own, index) => write(connections[index] as Connection, `${index}`, own)))
      ).flat();
      await relayed(database);

      const published = await titlesIn(database);
      expectSame(
        published,
        committed.flatMap(({ titles }) => titles),
      );
      await expectGapless(database);
      const position = new Map(published.map((title, index) => [title, index]));
      for (const { titles } of committed) {
        const own = titles.map((title) => position.get(title) as number);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
      // A transaction that began after another had committed comes after it.
      for (const earlier of committed)
        for (const later of committed)
          if (earlier.ended < later.began && earlier.titles.length > 0 && later.titles.length > 0)
            expect(position.get(earlier.titles.at(-1) as string)).toBeLessThan(
              position.get(later.titles[0] as string) as number,
            );
      const deadLetters = await outboxRows(database);
      expect(deadLetters.every(({ error, attempts }) => error !== null && attempts === 1)).toBe(true);
    }),
    { numRuns: 12 },
  );
});
