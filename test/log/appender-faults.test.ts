import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Connection } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { errnoOf } from '../../src/db/errors.ts';
import type { Precondition, Unit } from '../../src/log/append-statement.ts';
import { readHead } from '../../src/log/reader.ts';
import { onServer } from '../support/database/database.ts';
import { appendAtLast, expectGapless, messagesIn, unitOf } from '../support/database/log.ts';
import { until } from '../support/until.ts';
import { startFaultyWire, type WireFault } from '../support/wire/faulty-wire.ts';
import { outboxRow, prepareLog, unavailable } from './fixture.ts';

const log = prepareLog();
const { database } = log;

/** A row that an append takes away with it: it can do so only once. */
async function somethingToTake(name: string): Promise<Precondition> {
  const id = await outboxRow(database, name);
  return { sql: `DELETE FROM event_outbox WHERE id = ${id}`, expectedRows: 1 };
}

describe('an append whose connection breaks is in the log exactly once', () => {
  test('wherever it breaks: before it reaches the database, while it works, or after COMMIT', async () => {
    let before = 0;
    const wire = await startFaultyWire(log.url, () =>
      until(async () => (await readHead(database.query)).head > before),
    );
    log.closing(() => wire.close());
    const appender = log.appending({}, log.reachedAt(wire.url));
    const faults = fc.array(fc.constantFrom<WireFault>('none', 'before', 'during', 'after'), {
      minLength: 1,
      maxLength: 4,
    });
    const kinds = fc.constantFrom('plain', 'keyed', 'guarded');
    let call = 0;
    const expected: string[] = [];
    await fc.assert(
      fc.asyncProperty(faults, kinds, fc.integer({ min: 1, max: 3 }), async (faults, kind, calls) => {
        before = (await readHead(database.query)).head;
        wire.faults.splice(0, Number.POSITIVE_INFINITY, ...faults);
        const texts = Array.from({ length: calls }, () => `call ${call++}`);
        const units: Unit[] = [];
        for (const text of texts)
          units.push({
            ...unitOf(text, kind === 'keyed' ? text : undefined),
            ...(kind === 'guarded' ? { preconditions: [await somethingToTake(text)] } : {}),
          });
        const answers = await Promise.all(units.map((unit) => appender.append([unit])));
        expected.push(...texts);
        expect(answers.map(([answer]) => answer)).toEqual(
          texts.map((_, index) => expect.objectContaining({ firstId: before + index + 1, duplicate: false })),
        );
        wire.faults.splice(0);
      }),
      {
        numRuns: 25,
        examples: [
          [['before'], 'plain', 2],
          [['during'], 'plain', 2],
          [['after'], 'plain', 2],
          [['after', 'after'], 'keyed', 2],
          [['after', 'after'], 'guarded', 1],
        ],
      },
    );
    expect(await messagesIn(database)).toEqual(expected);
    await expectGapless(database);
  });

  test.each([
    ['it breaks', true],
    ['a proxy leads it to another server', false],
  ])('also when %s once the server has refused an assertion about the log', async (_, breaks) => {
    let isRefused = false;
    const appender = log.appending({
      connect: async () => {
        const connection = await database.connect({ multipleStatements: true });
        const query = connection.query.bind(connection) as (...args: unknown[]) => Promise<unknown>;
        const refuse = async (...args: unknown[]) => {
          if (isRefused || !JSON.stringify(args).includes('INSERT INTO notification')) return query(...args);
          isRefused = true;
          if (breaks) connection.destroy();
          throw Object.assign(new Error("Column 'first_id' cannot be null"), { errno: 1048 });
        };
        return Object.assign(connection, { query: refuse }) as Connection;
      },
    });
    const { head } = await readHead(database.query);
    expect(await appender.append([unitOf('refused at first')])).toMatchObject([{ firstId: head + 1 }]);
    expect(isRefused).toBe(true);
    await expectGapless(database);
  });

  test('also when the server kills it, again and again, in the middle of a rush', async () => {
    const threads: number[] = [];
    const appender = log.appending({
      patienceMs: 20_000,
      connect: async () => {
        const connection = await database.connect({ multipleStatements: true });
        threads.push(connection.threadId);
        return connection;
      },
    });
    const texts: string[] = [];
    let killed = 0;
    const killing = onServer(async (server) => {
      while (killed < 12) {
        killed += await server.query(`KILL ${threads.at(-1)}`).then(
          () => 1,
          () => 0,
        );
        await sleep(killed % 4);
      }
    });
    const calls: Promise<unknown>[] = [];
    while (killed < 12) {
      for (let i = 0; i < 10; i++) texts.push(`call ${texts.length}`);
      calls.push(...texts.slice(-10).map((text) => appender.append([unitOf(text)])));
      await sleep(1);
    }
    await Promise.all([killing, ...calls]);
    expect(threads.length).toBeGreaterThan(1);
    expect((await messagesIn(database)).toSorted()).toEqual(texts.toSorted());
    await expectGapless(database);
  });
});

describe('an append that meets another transaction', () => {
  /** An appender whose connections report every error that the server answers with. */
  function observed(lockWaitS: number) {
    const errnos: (number | undefined)[] = [];
    const connections: Connection[] = [];
    const appender = log.appending({
      connect: async () => {
        const connection = await database.connect({ multipleStatements: true });
        await connection.query('SET SESSION innodb_lock_wait_timeout = ?', [lockWaitS]);
        connections.push(connection);
        const query = connection.query.bind(connection) as (...args: unknown[]) => Promise<unknown>;
        return Object.assign(connection, {
          query: (...args: unknown[]) =>
            query(...args).catch((error: unknown) => {
              errnos.push(errnoOf(error));
              throw error;
            }),
        });
      },
    });
    return { appender, errnos, connections };
  }

  test('is repeated when it was chosen to end a deadlock', async () => {
    const { appender, errnos, connections } = observed(10);
    await appender.append([unitOf('first')]);
    const other = await log.otherProgram();
    await other.query('START TRANSACTION');
    // The lighter transaction is the victim.
    await other.query('INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at) VALUES ?', [
      Array.from({ length: 500 }, (_, i) => [`key:${i}`, Buffer.alloc(32), 1, new Date()]),
    ]);
    const call = appender.append([unitOf('second', '7'), unitOf('third')]);
    // The server renews this table only where it was not read for 100 ms.
    await expect.poll(() => isWaiting(connections.at(-1)), { interval: 150 }).toBe(true);
    await other.query('SELECT head FROM log_head WHERE id = 1 FOR UPDATE');
    await other.query('ROLLBACK');
    await call;
    expect(errnos).toEqual([1213]);
    expect(await messagesIn(database)).toEqual(['first', 'second', 'third']);
    await expectGapless(database);
  });

  test('is repeated when it waited too long for a lock', async () => {
    const { appender, errnos } = observed(1);
    const other = await log.otherProgram();
    await other.query('START TRANSACTION');
    await other.query('SELECT head FROM log_head WHERE id = 1 FOR UPDATE');
    const call = appender.append([unitOf('patient')]);
    await until(() => errnos.includes(1205));
    await other.query('ROLLBACK');
    await call;
    expect(await messagesIn(database)).toEqual(['patient']);
    await expectGapless(database);
  });

  test('that holds the head for ever is answered in bounded time, and all is well once the head is free', async () => {
    const appender = log.appending({ patienceMs: 250 });
    await appendAtLast(appender, 'before');
    const other = await log.otherProgram();
    await other.query('START TRANSACTION');
    await other.query('SELECT head FROM log_head WHERE id = 1 FOR UPDATE');
    const calls = ['a', 'b', 'c'].map((text) => appender.append([unitOf(text, text)]));
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(unavailable)));
    await expect(appender.append([unitOf('d', 'd')])).rejects.toMatchObject(unavailable);
    await other.query('ROLLBACK');
    await appendAtLast(appender, 'a', 'b', 'c', 'd');
    expect((await messagesIn(database)).toSorted()).toEqual(['a', 'b', 'before', 'c', 'd']);
    await expectGapless(database);
  });
});

/** Whether a connection waits for a row lock. */
async function isWaiting(connection: Connection | undefined): Promise<boolean> {
  const rows = await database.query(
    "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_mysql_thread_id = ?",
    [connection?.threadId],
  );
  return rows.length > 0;
}
