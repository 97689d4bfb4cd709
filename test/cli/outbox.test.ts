import { beforeEach, describe, expect, it } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { insertRow, publishSql, relayed, startRelay } from '../support/database/outbox.ts';
import { environment } from '../support/service.ts';
import { run } from './command.ts';

const made = prepareDatabase();
beforeEach(() => made.database.execute('DELETE FROM event_outbox'));

const live = (...args: string[]) => run(args, { env: environment(made.url) });

/** Has a relay make dead letters. @returns their ids */
async function makeDeadLetters(...types: string[]): Promise<number[]> {
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
  it('lists dead letters with their reasons, and counts waiting rows', async () => {
    const [first, second] = await makeDeadLetters('LEVEL_UP', '\u001b[31mred');
    await publishSql(made.database, 'a');
    const { code, out } = await live('outbox', 'list');
    expect(code).toBe(0);
    expect(out).toContain(`#${first} LEVEL_UP failed 20`);
    expect(out).toContain('\n  The field oldLevel is missing. The field newLevel is missing.\n');
    expect(out).toContain(`#${second} \ufffd[31mred failed`);
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/\n2 dead letters, 1 row waiting, the oldest for \d+ s\.\n/);
    expect(out.indexOf(`#${second}`)).toBeLessThan(out.indexOf(`#${first}`));
    expect((await live('outbox')).out).toBe(out);
    expect((await live('outbox', 'list', '--limit', '1')).out).not.toContain(`#${first} `);
  });

  it('shows nothing where there is nothing', async () => {
    expect((await live('outbox', 'list')).out).toBe('0 dead letters, 0 rows waiting.\n');
  });

  it('gives the rows with their payloads as JSON', async () => {
    const [id] = await makeDeadLetters('LEVEL_UP');
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
  it('retries the given rows, or all', async () => {
    const ids = await makeDeadLetters('A', 'B', 'C');
    expect(await live('outbox', 'retry', String(ids[1]))).toMatchObject({
      code: 0,
      out: '1 row will be retried.\n',
    });
    expect(await waiting()).toEqual([ids[1]]);
    expect((await live('outbox', 'retry', 'all')).out).toBe('2 rows will be retried.\n');
    expect(await waiting()).toEqual(ids);
    expect((await live('outbox', 'retry')).out).toBe('There are no dead letters.\n');
  });

  it('names rows that are no dead letters', async () => {
    const [id] = await makeDeadLetters('A');
    const { code, err } = await live('outbox', 'retry', String(id), '999999');
    expect(code).toBe(1);
    expect(err).toBe('error: 1 row will be retried. 1 row of those named is no dead letter (any more).\n');
    expect(await waiting()).toEqual([id]);
  });

  it('refuses what is no id', async () => {
    const { code, err } = await live('outbox', 'retry', '7; DROP');
    expect(code).toBe(2);
    expect(err).toContain('"7; DROP" is not the id of a row: name ids, or all.');
  });

  it('is reported as missing by name where it was taken away', async () => {
    await made.database.execute('RENAME TABLE event_outbox TO taken_away');
    const { code, err } = await live('outbox', 'list');
    await made.database.execute('RENAME TABLE taken_away TO event_outbox');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error: Table '\w+\.event_outbox' doesn't exist: run `codecraft-live migrate`, and where/,
    );
  });
});
