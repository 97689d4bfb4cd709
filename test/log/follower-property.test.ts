import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readHead, readRange } from '../../src/log/reader.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { follow } from '../support/database/log.ts';
import { autoIncrementLog, headLog, transfers, write } from '../support/database/writers.ts';
import { until } from '../support/until.ts';

const WRITERS = 4;
const { database } = prepareDatabase();
let writers: Connection[];

beforeAll(async () => {
  await database.execute(
    'CREATE TABLE naive_log (id BIGINT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(10)) ENGINE=InnoDB',
  );
  writers = await Promise.all(Array.from({ length: WRITERS }, () => database.connect()));
});

afterAll(async () => {
  for (const connection of writers) connection.destroy();
});

test('whatever is committed and whatever is said of it, the follower hands on every row once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(transfers(WRITERS), async (plan) => {
      const { follower, rows, faults, errors } = await follow(database);
      try {
        const from = follower.position;
        const log = {
          ...headLog,
          hint: (head: number) => follower.hint(head),
          offer: async (ids: readonly number[]) => {
            const [first, last] = [ids[0] as number, ids.at(-1) as number];
            follower.offer(await readRange(database.query, first - 1, last, 100));
          },
        };
        const committed = await write(log, writers, plan);
        const { head } = await readHead(database.query);
        await until(() => follower.position >= head);
        expect(rows.map((row) => row.id)).toEqual(committed);
        expect(committed).toEqual(committed.map((_, index) => from + index + 1));
        expect(rows).toEqual(await readRange(database.query, from, head, 10_000));
        expect([faults, errors]).toEqual([[], []]);
      } finally {
        await follower.close();
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

test('the same writers over AUTO_INCREMENT make a reader of `id > last` lose rows, so the test above can see it', async () => {
  const reader = await database.connect();
  const outcome = await fc.check(
    fc.asyncProperty(transfers(WRITERS), async (plan) => {
      const seen: number[] = [];
      let writing = true;
      const reading = (async () => {
        const query = async () => {
          const [rows] = await reader.query('SELECT id FROM naive_log WHERE id > ? ORDER BY id', [
            seen.at(-1) ?? 0,
          ]);
          seen.push(...(rows as { id: number }[]).map((row) => row.id));
        };
        while (writing) {
          await query();
          await sleep(1);
        }
        await query();
      })();
      const committed = await write(autoIncrementLog, writers, plan);
      writing = false;
      await reading;
      await database.execute('DELETE FROM naive_log');
      expect(seen).toEqual(committed);
    }),
    { numRuns: 50, endOnFailure: true },
  );
  reader.destroy();
  expect(outcome.failed).toBe(true);
  expect(String(outcome.errorInstance)).toContain('to deeply equal');
});
