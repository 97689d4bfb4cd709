import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { appendAtLast, expectGapless, messagesIn, unitOf } from '../support/database/log.ts';
import { until } from '../support/until.ts';
import { prepareLog, unavailable } from './fixture.ts';

/** Patience that runs out within a test, and lasts for a new connection and an append on a busy machine. */
const PATIENCE_MS = 2_000;

const log = prepareLog();
const { database } = log;

describe('while the database is away', () => {
  test('callers are refused within their patience, and it works by itself when the database is back', async () => {
    const { proxy, over } = await log.proxied();
    const appender = log.appending({ patienceMs: PATIENCE_MS }, over);
    await appendAtLast(appender, 'before');
    await proxy.cut();
    const calls = Array.from({ length: 10 }, (_, i) => appender.append([unitOf(`lost ${i}`)]));
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(unavailable)));
    await proxy.restore();
    await appendAtLast(appender, 'after');
    expect(await messagesIn(database)).toEqual(['before', 'after']);
  });

  test('a caller with patience waits it out', async () => {
    const { proxy, over } = await log.proxied();
    let attempts = 0;
    const appender = log.appending(
      {
        patienceMs: 20_000,
        connect: () => {
          attempts++;
          return over.connect({ multipleStatements: true });
        },
      },
      over,
    );
    await appendAtLast(appender, 'before');
    await proxy.cut();
    const call = appender.append([unitOf('patient')]);
    await until(() => attempts >= 4);
    await proxy.restore();
    await call;
    expect(await messagesIn(database)).toEqual(['before', 'patient']);
  });

  test('each caller has its own patience: one that runs out takes no other with it', async () => {
    const { proxy, over } = await log.proxied();
    const appender = log.appending({ patienceMs: 12_000 }, over);
    await appendAtLast(appender, 'before');
    await proxy.cut();
    const under = expect(appender.append([unitOf('under way')])).rejects.toMatchObject(unavailable);
    // These two wait for the first one, and are tried together.
    await nextTurn();
    const early = expect(appender.append([unitOf('early')])).rejects.toMatchObject(unavailable);
    // What is left of the patience of `late` when that of `early` is over, for a machine that is busy.
    await sleep(10_000);
    const late = appender.append([unitOf('late')]);
    await Promise.all([under, early]);
    await proxy.restore();
    await late;
    expect(await messagesIn(database)).toContain('late');
    await expectGapless(database);
  });

  test('what was given up before it was sent is never appended', async () => {
    const appender = log.appending({ patienceMs: PATIENCE_MS });
    await appendAtLast(appender, 'before');
    const other = await log.otherProgram();
    await other.query('START TRANSACTION');
    await other.query('SELECT head FROM log_head WHERE id = 1 FOR UPDATE');
    // Too many rows for one transaction: the last call is in line until its time is over.
    const packets = ['first', 'second', 'third'].map((text) =>
      Array.from({ length: 1_500 }, () => unitOf(text)),
    );
    const calls = packets.map((units) => appender.append(units));
    const answered = Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(unavailable)));
    await nextTurn();
    // All their times run out while the process does something else, and the first one is refused first.
    blockFor(PATIENCE_MS + 100);
    await answered;
    await other.query('ROLLBACK');
    // Closing waits for whatever is still in line.
    await appender.close();
    await log.appending().append([unitOf('after')]);
    const messages = new Set(await messagesIn(database));
    expect(messages).toContain('after');
    expect(messages).not.toContain('third');
  });

  test('a database that hangs is no different, and what hung is not appended twice', async () => {
    const { proxy, over } = await log.proxied();
    const appender = log.appending({ patienceMs: PATIENCE_MS }, over);
    await appendAtLast(appender, 'before');
    proxy.freeze();
    await expect(appender.append([unitOf('hung', 'hung')])).rejects.toMatchObject(unavailable);
    await expect(appender.append([unitOf('too', 'too')])).rejects.toMatchObject(unavailable);
    await proxy.restore();
    await appendAtLast(appender, 'hung', 'too');
    expect((await messagesIn(database)).toSorted()).toEqual(['before', 'hung', 'too']);
    await expectGapless(database);
  });

  test('what waits is bounded, and closing still ends', async () => {
    const { proxy, over } = await log.proxied();
    const unit = unitOf('x'.repeat(1_000));
    const weight = (unit.drafts[0]?.bytes ?? 0) + 100;
    const appender = log.appending({ patienceMs: PATIENCE_MS, maxWaitingBytes: 10 * weight }, over);
    proxy.freeze();
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => appender.append([unit])));
    const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'appended'));
    expect(codes.filter((code) => code === 'overloaded').length).toBe(20);
    expect(codes.filter((code) => code === 'database-unavailable').length).toBe(10);
    await appender.close();
  });

  test.each(['committed', 'given up'])('what was %s takes no more of the bound', async (outcome) => {
    const { proxy, over } = await log.proxied();
    const unit = unitOf('x'.repeat(1_000));
    const weight = (unit.drafts[0]?.bytes ?? 0) + 100;
    const appender = log.appending({ patienceMs: PATIENCE_MS, maxWaitingBytes: 5 * weight }, over);
    for (let round = 0; round < 2; round++) {
      if (outcome === 'given up') proxy.freeze();
      const first = appender.append([unit]);
      await nextTurn();
      await nextTurn();
      // The first is under way; these are in line, until their time is over.
      const calls = [first, ...Array.from({ length: 4 }, () => appender.append([unit]))];
      if (outcome === 'given up') blockFor(PATIENCE_MS + 100);
      for (const result of await Promise.allSettled(calls))
        if (result.status === 'rejected') expect(result.reason).toMatchObject(unavailable);
      await proxy.restore();
      // As heavy as the bound: refused while anything else takes a part of it. A caller may be answered before that is over.
      await until(() => appender.append(Array.from({ length: 5 }, () => unit)).then(() => true));
      await nextTurn();
    }
  });

  test('a connection that comes too late is not used for what was given up', async () => {
    let letThrough = () => {};
    const gate = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    let opened = 0;
    const connections: Connection[] = [];
    const appender = log.appending({
      patienceMs: PATIENCE_MS,
      connect: async () => {
        if (opened++ === 0) await gate;
        const connection = await database.connect({ multipleStatements: true });
        connections.push(connection);
        return connection;
      },
    });
    await expect(appender.append([unitOf('given up')])).rejects.toMatchObject(unavailable);
    const next = appendAtLast(appender, 'next');
    letThrough();
    await next;
    await until(() => connections.length === opened);
    await until(async () => (await alive(connections)) === 1);
    expect(await messagesIn(database)).toEqual(['next']);
  });
});

async function alive(connections: readonly Connection[]): Promise<number> {
  const rows = await database.query('SELECT ID FROM information_schema.processlist WHERE ID IN (?)', [
    connections.map((connection) => connection.threadId),
  ]);
  return rows.length;
}

/** Keeps the process from doing anything else, so that time-outs pass unnoticed. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
