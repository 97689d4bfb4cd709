import { expect, test } from 'vitest';
import { readRange, readScopeRanges, readScopes } from '../../src/log/reader.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { openAppender, solvedBy } from '../support/database/log.ts';

test('the rows of some scopes come as the log holds them, and say which server holds them and whether the last one is missing', async () => {
  const { database, drop } = await createTestDatabase();
  const appender = openAppender(database);
  await appender.append([solvedBy(1), solvedBy(2)]);
  const whole = await readRange(database.query, 0, 10, 10);
  const wanted = whole.filter(({ scope }) => scope === 'player:1' || scope === 'problem:5');
  const end = whole.at(-1)?.id ?? 0;
  const { rows, server, lacksEnd } = await readScopes(database.query, ['player:1', 'problem:5'], 0, end, 10);
  expect(rows).toEqual(wanted);
  expect(lacksEnd).toBe(false);
  expect(server).not.toBe('');
  const none = await readScopes(database.query, ['player:9'], 0, end + 1, 10);
  expect(none).toEqual({ rows: [], server, lacksEnd: true });
  expect((await readScopes(database.query, ['player:1', 'problem:5'], 0, 10, 2)).rows).toEqual(
    wanted.slice(0, 2),
  );
  await appender.close();
  await drop();
});

test('ranges of several scopes are read apart by one statement, the first rows of each in order', async () => {
  const { database, drop } = await createTestDatabase();
  const appender = openAppender(database);
  for (let times = 0; times < 3; times++) await appender.append([solvedBy(1), solvedBy(2)]);
  const whole = await readRange(database.query, 0, 100, 100);
  const ids = (player: number) => whole.filter(({ scope }) => scope === `player:${player}`);
  const of = (player: number, after: number, through: number) =>
    ({ scope: `player:${player}`, after, through }) as const;
  const [first, second] = ids(1);
  const ranges = [of(2, 0, 100), of(1, 0, 100), of(9, 0, 100), of(1, first?.id ?? 0, second?.id ?? 0)];
  const { pages, server } = await readScopeRanges(database.query, ranges, 2);
  expect(pages).toEqual([
    { rows: ids(2).slice(0, 2), lacksEnd: true },
    { rows: ids(1).slice(0, 2), lacksEnd: true },
    { rows: [], lacksEnd: true },
    { rows: [second], lacksEnd: false },
  ]);
  expect(server).toBe((await readScopes(database.query, ['global'], 0, 1, 1)).server);
  await appender.close();
  await drop();
});
