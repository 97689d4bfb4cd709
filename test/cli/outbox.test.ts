import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertRow, publishSql, relayed, startRelay } from '../support/outbox.ts';
import { environment } from '../support/service.ts';
import { run } from './command.ts';

let made: TestDatabase;
beforeAll(async () => {
  made = await createTestDatabase();
});
beforeEach(() => made.database.execute('DELETE FROM event_outbox'));
afterAll(() => made.drop());

const live = (...args: string[]) => run(args, { env: environment(made.url) });

/** Rows that a relay has set aside. @returns their ids */
async function aside(...types: string[]): Promise<number[]> {
  const relay = startRelay(made.database);
  const ids: number[] = [];
  for (const type of types) ids.push(await insertRow(made.database, type, { playerId: 7 }));
  await relayed(made.database);
  await relay.stop();
  return ids;
}

const waiting = async () =>
  (
    await made.database.query<{ id: number }>(
      'SELECT id FROM event_outbox WHERE failed_at IS NULL ORDER BY id',
    )
  ).map(({ id }) => id);

describe('`outbox list`', () => {
  it('shows what was set aside and why, and what waits', async () => {
    const [first, second] = await aside('LEVEL_UP', '\u001b[31mred');
    await publishSql(made.database, 'a');
    const { code, out } = await live('outbox', 'list');
    expect(code).toBe(0);
    expect(out).toContain(`#${first} LEVEL_UP set aside 20`);
    expect(out).toContain('\n  The field oldLevel is missing. The field newLevel is missing.\n');
    expect(out).toContain(`#${second} \ufffd[31mred set aside`);
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/\n2 rows set aside, 1 waiting, the oldest for \d+ s\.\n/);
    expect(out.indexOf(`#${second}`)).toBeLessThan(out.indexOf(`#${first}`));
    expect((await live('outbox')).out).toBe(out);
    expect((await live('outbox', 'list', '--limit', '1')).out).not.toContain(`#${first} `);
  });

  it('shows nothing where there is nothing', async () => {
    expect((await live('outbox', 'list')).out).toBe('0 rows set aside, 0 waiting.\n');
  });

  it('gives the rows with their payloads as JSON', async () => {
    const [id] = await aside('LEVEL_UP');
    const { out } = await live('outbox', 'list', '--json');
    expect(JSON.parse(out)).toMatchObject({
      id,
      type: 'LEVEL_UP',
      payload: expect.stringMatching(/^\{"playerId": ?7\}$/),
      idempotencyKey: null,
      attempts: 1,
      error: expect.stringContaining('oldLevel'),
    });
  });

  it('refuses a limit that is none', async () => {
    for (const limit of ['0', '-1', 'x']) expect((await live('outbox', 'list', '-n', limit)).code).toBe(2);
  });
});

describe('`outbox retry`', () => {
  it('has those rows tried again that it is told to, or all', async () => {
    const ids = await aside('A', 'B', 'C');
    expect(await live('outbox', 'retry', String(ids[1]))).toMatchObject({
      code: 0,
      out: '1 row will be tried again.\n',
    });
    expect(await waiting()).toEqual([ids[1]]);
    expect((await live('outbox', 'retry', 'all')).out).toBe('2 rows will be tried again.\n');
    expect(await waiting()).toEqual(ids);
    expect((await live('outbox', 'retry')).out).toBe('No row is set aside.\n');
  });

  it('says of rows that are not set aside that they are not', async () => {
    const [id] = await aside('A');
    const { code, err } = await live('outbox', 'retry', String(id), '999999');
    expect(code).toBe(1);
    expect(err).toBe('error: 1 row will be tried again. 1 row of those named is not set aside (any more).\n');
    expect(await waiting()).toEqual([id]);
  });

  it('refuses what is no id', async () => {
    const { code, err } = await live('outbox', 'retry', '7; DROP');
    expect(code).toBe(2);
    expect(err).toContain('"7; DROP" is not the id of a row: name ids, or all.');
  });

  it('is said to be missing where somebody took it away, by its name', async () => {
    await made.database.execute('RENAME TABLE event_outbox TO taken_away');
    const { code, err } = await live('outbox', 'list');
    await made.database.execute('RENAME TABLE taken_away TO event_outbox');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error: Table '\w+\.event_outbox' doesn't exist: run `codecraft-live migrate`, and where/,
    );
  });
});
