import { describe, expect, inject, test } from 'vitest';
import type { Unit } from '../../src/log/append-statement.ts';
import type { Appended, Appender } from '../../src/log/appender.ts';
import type { LogRow } from '../../src/log/row.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { expectGapless, messagesIn, solvedBy, unitOf, wholeLog } from '../support/database/log.ts';
import { outcomes, prepareLog } from './fixture.ts';

const { database, appending, following } = prepareLog();

const count = async (sql: string) => Number((await database.query<{ n: number }>(sql))[0]?.n);
const batches = () => count("SELECT COUNT(*) AS n FROM log_key WHERE idempotency_key LIKE 'batch:%'");

/** Something that no column takes. */
function poison(): Unit {
  const [draft] = unitOf('poison').drafts;
  const rows = (draft?.rows ?? []).map((row) => ({ ...row, title: 'x'.repeat(300) }));
  return { drafts: draft ? [{ ...draft, rows }] : [] };
}

describe('the log', () => {
  test('is gapless however many append at once, and every call is answered with its own position', async () => {
    const nodes = [appending(), appending(), appending()];
    const calls = Array.from({ length: 300 }, (_, i) => {
      const units = i % 3 === 0 ? [solvedBy(i + 1), unitOf(`call ${i}`)] : [unitOf(`call ${i}`)];
      return (nodes[i % nodes.length] as Appender).append(units);
    });
    const answers = await Promise.all(calls);
    await expectGapless(database);
    const log = await wholeLog(database);
    for (const [i, answer] of answers.entries()) {
      const last = answer.at(-1) as Appended;
      expect(log[last.firstId - 1]).toMatchObject({ id: last.firstId, message: `call ${i}` });
      if (i % 3 !== 0) continue;
      const first = answer[0]?.firstId as number;
      expect(last.firstId).toBe(first + 3);
      expect(log.slice(first - 1, first + 2).map((row) => [row.scope, row.eventId])).toEqual([
        [`player:${i + 1}`, first],
        ['problem:5', first],
        ['contest:3', first],
      ]);
    }
  });

  test('holds what a caller is answered at the moment of the answer', async () => {
    const appender = appending();
    for (let i = 0; i < 20; i++) {
      const [answer] = await appender.append([unitOf(`call ${i}`)]);
      expect((await messagesIn(database)).length).toBe(answer?.firstId);
    }
  });

  test('keeps nothing of calls that were answered, also where others always wait', async () => {
    const appender = appending();
    const appended: WeakRef<Unit>[] = [];
    const underWay = new Set<Promise<unknown>>();
    while (appended.length < 60) {
      // One call a turn of the event loop: some of the four always wait while a batch is under way.
      await new Promise(setImmediate);
      if (underWay.size === 4) continue;
      const unit = unitOf(`call ${appended.length}`);
      appended.push(new WeakRef(unit));
      const call = appender.append([unit]).finally(() => underWay.delete(call));
      underWay.add(call);
    }
    collectGarbage();
    const kept = appended.filter((unit) => unit.deref() !== undefined).length;
    await Promise.all(underWay);
    expect(kept).toBeLessThan(30);
  });

  const forms = [
    ['one compound statement to MariaDB', '10.11.2-MariaDB', [true, true], ['mariadb']],
    ['a packet of statements to MySQL', '8.0.40', [false, false], ['mariadb', 'mysql']],
    [
      'a packet once a MySQL with the name of a MariaDB refused it',
      '10.11.2-MariaDB',
      [true, false, false],
      ['mysql'],
    ],
  ] as const;
  const kind = inject('databaseKind');
  test.each(forms.filter(([, , , kinds]) => (kinds as readonly string[]).includes(kind)))(
    'is sent %s',
    async (_, version, areCompound) => {
      const sent: string[] = [];
      const appender = appending({
        connect: async () => {
          const connection = await database.connect({ multipleStatements: true });
          const core = (
            connection as unknown as { connection: { _handshakePacket: { serverVersion: string } } }
          ).connection;
          core._handshakePacket.serverVersion = version;
          const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
          return Object.assign(connection, {
            query(...args: [unknown]) {
              sent.push(JSON.stringify(args[0]));
              return query(...args);
            },
          });
        },
      });
      const [one] = await appender.append([unitOf('one')]);
      const [two] = await appender.append([unitOf('two')]);
      expect([one?.firstId, two?.firstId]).toEqual([1, 2]);
      expect(await messagesIn(database)).toEqual(['one', 'two']);
      const appends = sent.filter((sql) => sql.includes('INSERT INTO notification'));
      expect(appends.map((sql) => sql.includes('BEGIN NOT ATOMIC'))).toEqual(areCompound);
    },
  );

  test('is sent the rows of a large append apart, and stores all of them or none', async () => {
    const sent: string[] = [];
    const appender = appending({
      connect: async () => {
        const connection = await database.connect({ multipleStatements: true });
        const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
        return Object.assign(connection, {
          query(...args: [unknown]) {
            sent.push(JSON.stringify(args[0]));
            return query(...args);
          },
        });
      },
    });
    const many = Array.from({ length: 300 }, (_, i) => unitOf(`call ${i}`));
    await expect(appender.append([...many, poison()])).rejects.toMatchObject({ code: expect.any(String) });
    expect(await count('SELECT head AS n FROM log_head')).toBe(0);
    expect(await messagesIn(database)).toEqual([]);
    const answers = await appender.append(many);
    expect(answers.map(({ firstId }) => firstId)).toEqual(many.map((_, i) => i + 1));
    await expectGapless(database);
    expect(await batches()).toBe(1);
    const apart = sent.filter((sql) => sql.includes('END;INSERT INTO notification'));
    expect(apart.length).toBe(kind === 'mysql' ? 0 : 2);
  });

  test.runIf(kind === 'mariadb')(
    'is without a gap where only a part of a large append is understood',
    async () => {
      let refused = 0;
      const appender = appending({
        connect: async () => {
          const connection = await database.connect({ multipleStatements: true });
          const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
          return Object.assign(connection, {
            query(given: string | { readonly sql: string }, values?: unknown) {
              if (typeof given === 'string' || !given.sql.includes('END;INSERT')) return query(given, values);
              refused += 1;
              return query({ ...given, sql: given.sql.replace('END;INSERT', 'END;NO STATEMENT') });
            },
          });
        },
      });
      const many = Array.from({ length: 300 }, (_, i) => unitOf(`call ${i}`));
      const answers = await appender.append(many);
      expect(refused).toBe(1);
      expect(answers.map(({ firstId }) => firstId)).toEqual(many.map((_, i) => i + 1));
      await expectGapless(database);
    },
  );

  test('is sent the next batch before the callers of the previous one are answered', async () => {
    const steps: string[] = [];
    let second: Promise<unknown> | undefined;
    const appender = appending({
      onCommitted: () => steps.push('answering'),
      connect: async () => {
        const connection = await database.connect({ multipleStatements: true });
        const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
        return Object.assign(connection, {
          query(...args: [unknown]) {
            if (JSON.stringify(args[0]).includes('INSERT INTO notification')) steps.push('sent');
            if (steps.at(-1) === 'sent' && steps.length === 3) second = appender.append([unitOf('second')]);
            return query(...args);
          },
        });
      },
    });
    await appender.append([unitOf('the connection is open')]);
    await appender.append([unitOf('first')]);
    await second;
    expect(second).toBeDefined();
    expect(steps).toEqual(['sent', 'answering', 'sent', 'sent', 'answering', 'answering']);
    expect(await messagesIn(database)).toEqual(['the connection is open', 'first', 'second']);
  });

  test('is sent once each batch that follows one which has begun a term', async () => {
    const { follower } = await following();
    let sent = 0;
    let second: Promise<unknown> | undefined;
    const appender = appending({
      onCommitted: (rows, proof) => follower.offer(rows, proof),
      verifier: follower,
      connect: async () => {
        // While the first batch waits for its connection.
        second ??= appender.append([unitOf('second')]);
        const connection = await database.connect({ multipleStatements: true });
        const query = connection.query.bind(connection) as (...args: unknown[]) => unknown;
        return Object.assign(connection, {
          query(...args: [unknown]) {
            if (JSON.stringify(args[0]).includes('INSERT INTO notification')) sent += 1;
            return query(...args);
          },
        });
      },
    });
    await appender.append([unitOf('first')]);
    await second;
    expect(sent).toBe(2);
    expect(await messagesIn(database)).toEqual(['first', 'second']);
  });

  test('takes what is appended while the callers of the last batch are answered', async () => {
    let second: Promise<unknown> | undefined;
    const appender = appending({
      onCommitted: () => {
        second ??= appender.append([unitOf('second')]);
      },
    });
    await appender.append([unitOf('first')]);
    await second;
    expect(await messagesIn(database)).toEqual(['first', 'second']);
  });

  test('gets the activity of an event in the same transaction, pointing to it', async () => {
    const [answer] = await appending()
      .append([unitOf('first'), solvedBy(7)])
      .then((all) => all.slice(1));
    expect(
      await database.query('SELECT player_id, problem_id, contest_id, event_id FROM activity_log'),
    ).toEqual([{ player_id: 7, problem_id: 5, contest_id: 3, event_id: answer?.firstId }]);
  });

  test('hands its own process the very rows that others read, contiguous and before the caller is answered', async () => {
    const rows: LogRow[] = [];
    const appender = appending({ onCommitted: (committed) => rows.push(...committed) });
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const [answer] = await appender.append([solvedBy(i + 1)]);
        expect(rows.some((row) => row.id === answer?.firstId)).toBe(true);
      }),
    );
    const log = await wholeLog(database);
    expect(rows.map((row) => ({ ...row, data: JSON.parse(row.data) }))).toEqual(
      log.map((row) => ({ ...row, data: JSON.parse(row.data) })),
    );
  });

  test('keeps any text as it was', async () => {
    const texts = [
      "it's",
      'back\\slash',
      '"quoted"',
      'a\0b',
      '\u2028\r\n\t',
      '😀',
      '`',
      '?',
      ':x',
      ';--',
      '%_',
      '\u001a',
    ];
    await appending().append(texts.map((text) => unitOf(text)));
    expect(await messagesIn(database)).toEqual(texts);
    for (const [i, row] of (await wholeLog(database)).entries())
      expect(JSON.parse(row.data).message).toBe(texts[i]);
  });
});

describe('group commit', () => {
  test('puts what waits into one transaction', async () => {
    const appender = appending();
    await Promise.all(Array.from({ length: 500 }, (_, i) => appender.append([unitOf(`call ${i}`)])));
    await expectGapless(database);
    expect(await batches()).toBeLessThanOrEqual(3);
  });

  test('keeps the order in which calls were made', async () => {
    const appender = appending();
    const texts = Array.from({ length: 200 }, (_, i) => `call ${i}`);
    await Promise.all(texts.map((text) => appender.append([unitOf(text)])));
    expect(await messagesIn(database)).toEqual(texts);
  });

  test('is bounded: too many rows are several transactions', async () => {
    const appender = appending();
    const call = () => appender.append(Array.from({ length: 240 }, () => unitOf('x')));
    await Promise.all([call(), call(), call(), call()]);
    await expectGapless(database);
    expect(await batches()).toBe(2);
  });

  test('is bounded: so are too many bytes', async () => {
    const appender = appending();
    const big = 'x'.repeat(10_000);
    const call = () => appender.append(Array.from({ length: 150 }, () => unitOf(big)));
    await Promise.all([call(), call(), call()]);
    expect(await batches()).toBe(3);
  });

  test('takes a call of the largest size, with every byte escaped, and refuses a larger one', {
    timeout: 90_000,
  }, async () => {
    // However long it takes: 12 MiB are much for a machine that has others to serve.
    const connect = () => database.connect({ multipleStatements: true, statementTimeoutMs: 0 });
    const appender = appending({ connect, patienceMs: 60_000 });
    const big = '"'.repeat(10_000);
    const one = unitOf(big);
    const weight = (one.drafts[0]?.bytes ?? 0) + 100;
    const most = Math.floor((6 * 1024 * 1024) / weight);
    await expect(appender.append(Array.from({ length: most + 1 }, () => one))).rejects.toMatchObject({
      code: 'body-too-large',
    });
    await appender.append(Array.from({ length: most }, () => one));
    expect(await count('SELECT COUNT(*) AS n FROM notification')).toBe(most);
  });

  test('one call that cannot be stored fails alone', async () => {
    const errors: unknown[] = [];
    const appender = appending({ onError: (error) => errors.push(error) });
    const calls = Array.from({ length: 40 }, (_, i) =>
      appender.append([i === 17 ? poison() : unitOf(`call ${i}`)]),
    );
    const results = await Promise.allSettled(calls);
    expect(results.flatMap((result, i) => (result.status === 'rejected' ? [i] : []))).toEqual([17]);
    await expectGapless(database);
    expect((await messagesIn(database)).toSorted()).toEqual(
      calls.flatMap((_, i) => (i === 17 ? [] : [`call ${i}`])).toSorted(),
    );
    expect(errors).toMatchObject([{ errno: 1406 }]);
  });

  test('a call is appended whole or not at all', async () => {
    const appender = appending();
    await expect(appender.append([unitOf('first'), poison(), unitOf('last')])).rejects.toMatchObject({
      errno: 1406,
    });
    expect(await messagesIn(database)).toEqual([]);
    await appender.append([unitOf('next')]);
    await expectGapless(database);
  });

  test('a listener that throws does not make a committed call fail', async () => {
    const errors: unknown[] = [];
    const appender = appending({
      onCommitted: () => {
        throw new Error('listener');
      },
      onError: (error) => errors.push(error),
    });
    expect(await outcomes([appender.append([unitOf('a')]), appender.append([unitOf('b')])])).toEqual([
      'appended',
      'appended',
    ]);
    expect(await messagesIn(database)).toEqual(['a', 'b']);
    expect(errors.length).toBe(1);
  });
});

describe('at its limits', () => {
  test('an appender that is closed takes no more, and has finished what it took', async () => {
    const appender = appending();
    const calls = Array.from({ length: 50 }, (_, i) => appender.append([unitOf(`call ${i}`)]));
    const closed = appender.close();
    const late = appender.append([unitOf('late')]);
    await expect(late).rejects.toMatchObject({ code: 'shutting-down', status: 503 });
    await closed;
    expect(await outcomes(calls)).toEqual(calls.map(() => 'appended'));
    expect((await messagesIn(database)).length).toBe(50);
  });

  test('an appender that was never used can be closed, twice', async () => {
    const appender = appending();
    await appender.close();
    await appender.close();
  });

  test('what waits is bounded, and room is made again', async () => {
    const unit = unitOf('x'.repeat(1_000));
    const weight = (unit.drafts[0]?.bytes ?? 0) + 100;
    const appender = appending({ maxWaitingBytes: 3 * weight });
    const calls = Array.from({ length: 5 }, () => appender.append([unit]));
    expect(await outcomes(calls)).toEqual(['appended', 'appended', 'appended', 'overloaded', 'overloaded']);
    expect(await outcomes([appender.append([unit]), appender.append([unit])])).toEqual([
      'appended',
      'appended',
    ]);
  });
});
