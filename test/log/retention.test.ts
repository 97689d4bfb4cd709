import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { KEEP_CLASSES, type KeepClass } from '../../src/db/schema.ts';
import { readHead, readTails } from '../../src/log/reader.ts';
import { pruneLog } from '../../src/log/retention.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { follow, openAppender, resetLog, unitOf } from '../support/database/log.ts';
import { lockRows } from '../support/database/row-lock.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const MINUTE = 60_000;
const { database, url } = prepareDatabase();

beforeEach(() => resetLog(database));

interface Row {
  readonly keepClass: KeepClass;
  /** How long ago it was appended. */
  readonly age: number;
}

const agesOf = (age: number) =>
  Object.fromEntries(KEEP_CLASSES.map((name) => [name, age])) as Record<KeepClass, number>;

/** Appends rows from the oldest to the newest, each with two receipts. */
async function fill(rows: readonly Row[]): Promise<void> {
  await resetLog(database);
  if (rows.length === 0) return;
  await database.execute(
    'INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at) VALUES ?',
    [
      rows.map(({ keepClass, age }, i) => {
        const at = new Date(NOW.getTime() - age);
        return [i + 1, i + 1, 'global', keepClass, 'ANNOUNCEMENT', 1, 'Title', 'Message', '{}', at];
      }),
    ],
  );
  await database.execute('INSERT INTO notification_receipt (player_id, notification_id, read_at) VALUES ?', [
    rows.flatMap((_, i) => [
      [1, i + 1, NOW],
      [2, i + 1, NOW],
    ]),
  ]);
  await database.execute('UPDATE log_head SET head = ?', [rows.length]);
}

const idsIn = async (table: string, column: string) =>
  (await database.query<{ id: number }>(`SELECT DISTINCT ${column} AS id FROM ${table} ORDER BY id`)).map(
    ({ id }) => id,
  );
const kept = () => idsIn('notification', 'id');

describe('retention', () => {
  test.each([
    ['notification', 'notification WHERE id = 3'],
    ['receipt', 'notification_receipt WHERE notification_id = 3 AND player_id = 2'],
    ['tail', "log_tail WHERE keep_class = 'player'"],
  ])('passes over a locked %s: what is before it, other classes and keys go on', async (name, rows) => {
    const row = (keepClass: KeepClass) => ({ keepClass, age: 100 * MINUTE });
    const classes = ['player', 'global', 'player', 'player', 'global', 'global'] as const;
    await fill(classes.map(row));
    await database.execute(
      "INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at) VALUES ('old', ?, 1, ?), ('older', ?, 1, ?)",
      [Buffer.alloc(32), NOW, Buffer.alloc(32), new Date(NOW.getTime() - 1_000)],
    );
    const later = { now: new Date(NOW.getTime() + 1_000) };
    const free = [await lockRows(url, rows), await lockRows(url, "log_key WHERE idempotency_key = 'older'")];
    await pruneLog(database, agesOf(10 * MINUTE), later);
    expect(await kept()).toEqual(name === 'tail' ? [1, 3, 4, 6] : [3, 4, 6]);
    const keys = () => database.query('SELECT idempotency_key AS name FROM log_key');
    expect(await keys()).toEqual([{ name: 'older' }]);
    for (const unlock of free) await unlock();
    await pruneLog(database, agesOf(10 * MINUTE), later);
    expect([await kept(), await keys()]).toEqual([[6], []]);
  });

  test('takes what was taken over for as old as the takeover', async () => {
    const row = (age: number) => ({ keepClass: 'player' as const, age: age * MINUTE });
    await fill([row(900), row(800), row(700), row(600), row(1)]);
    const adopted = (age: number) =>
      database.execute(
        `REPLACE INTO live_adoption (source, last_id, started_at, finished_at) VALUES ('socketio_notification', 2, ?, ?)`,
        [NOW, new Date(NOW.getTime() - age * MINUTE)],
      );
    await adopted(5);
    await pruneLog(database, agesOf(10 * MINUTE), { now: NOW });
    expect(await kept()).toEqual([1, 2, 3, 4, 5]);
    await adopted(11);
    await pruneLog(database, agesOf(10 * MINUTE), { now: NOW });
    expect(await kept()).toEqual([5]);
    await database.execute('DELETE FROM live_adoption');
  });

  test('lets go, per class, of exactly the rows that are older than its age, and says where it stands', async () => {
    const row = fc.record({ keepClass: fc.constantFrom(...KEEP_CLASSES), step: fc.nat(3) });
    const ages = fc.tuple(...KEEP_CLASSES.map(() => fc.nat(60)));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), ages, async (specs, minutes) => {
        let age = specs.reduce((sum, { step }) => sum + step, 0) * MINUTE;
        const rows = specs.map(({ keepClass, step }) => {
          age -= step * MINUTE;
          return { keepClass, age };
        });
        await fill(rows);
        const ages = Object.fromEntries(
          KEEP_CLASSES.map((name, i) => [name, (minutes[i] as number) * MINUTE]),
        ) as Record<KeepClass, number>;
        const gone = rows.flatMap(({ keepClass, age }, i) =>
          age > ages[keepClass] && i + 1 < rows.length ? [i + 1] : [],
        );
        const staying = rows.flatMap((_, i) => (gone.includes(i + 1) ? [] : [i + 1]));

        expect(await pruneLog(database, ages, { now: NOW })).toEqual({ deleted: gone.length });
        expect(await kept()).toEqual(staying);
        expect(await idsIn('notification_receipt', 'notification_id')).toEqual(staying);
        const expected = Object.fromEntries(
          KEEP_CLASSES.map((name) => [
            name,
            (gone.findLast((id) => rows[id - 1]?.keepClass === name) ?? 0) + 1,
          ]),
        );
        expect(await readTails(database.query)).toEqual(expected);
        expect((await readHead(database.query)).head).toBe(rows.length);

        expect(await pruneLog(database, ages, { now: NOW })).toEqual({ deleted: 0 });
        expect(await readTails(database.query)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('goes on behind a row that is older than those before it, but never past one that is to be kept', async () => {
    await fill([10, 1, 10, 1].map((minutes) => ({ keepClass: 'player', age: minutes * MINUTE })));
    expect(await pruneLog(database, agesOf(5 * MINUTE), { now: NOW })).toEqual({ deleted: 1 });
    expect(await kept()).toEqual([2, 3, 4]);
    expect((await readTails(database.query)).player).toBe(2);
  });

  test.each([
    ['one row', 1],
    ['more rows than a batch', 1_201],
  ])('%s dated ahead is as old as the rows that follow, and does not stop it', async (_, ahead) => {
    const row = (age: number) => ({ keepClass: 'player' as const, age: age * MINUTE });
    await fill([row(30), ...Array(ahead).fill(row(-144_000)), row(20), row(1), row(0)]);
    expect(await pruneLog(database, agesOf(10 * MINUTE), { now: NOW })).toEqual({ deleted: ahead + 2 });
    expect(await kept()).toEqual([ahead + 3, ahead + 4]);
  });

  test('a row dated ahead stays while nothing is known of its age, and while the next row is to be kept', async () => {
    const row = (age: number) => ({ keepClass: 'global' as const, age: age * MINUTE });
    await fill([row(30), row(-100), row(-200), row(-300)]);
    expect(await pruneLog(database, agesOf(10 * MINUTE), { now: NOW })).toEqual({ deleted: 1 });
    expect(await kept()).toEqual([2, 3, 4]);
    await fill([row(30), row(-100), row(5), row(0)]);
    expect(await pruneLog(database, agesOf(10 * MINUTE), { now: NOW })).toEqual({ deleted: 1 });
    expect(await kept()).toEqual([2, 3, 4]);
  });

  test('a row dated ahead is bounded by the rows of other classes', async () => {
    const row = (keepClass: KeepClass, age: number) => ({ keepClass, age: age * MINUTE });
    await fill([
      row('nudge', -100),
      row('player', -100),
      row('player', 20),
      row('global', 15),
      row('global', 0),
    ]);
    const ages = { ...agesOf(10 * MINUTE), player: 60 * MINUTE };
    expect(await pruneLog(database, ages, { now: NOW })).toEqual({ deleted: 2 });
    expect(await kept()).toEqual([2, 3, 5]);
  });

  test('keeps the newest row of the log, however old it is', async () => {
    await fill([
      { keepClass: 'global', age: MINUTE },
      { keepClass: 'nudge', age: MINUTE },
    ]);
    expect(await pruneLog(database, agesOf(0), { now: NOW })).toEqual({ deleted: 1 });
    expect(await kept()).toEqual([2]);
  });

  test('keeps everything of a class that is kept for ever', async () => {
    await fill(Array.from({ length: 5 }, () => ({ keepClass: 'player', age: 10_000 * MINUTE })));
    for (const age of [Number.POSITIVE_INFINITY, Number.MAX_VALUE, Number.NaN])
      expect(await pruneLog(database, agesOf(age), { now: NOW })).toEqual({ deleted: 0 });
    expect((await kept()).length).toBe(5);
  });

  test('works through more than one batch, and several nodes at once do it once', async () => {
    await fill(Array.from({ length: 2_301 }, () => ({ keepClass: 'player', age: MINUTE })));
    const results = await Promise.all([1, 2, 3].map(() => pruneLog(database, agesOf(0), { now: NOW })));
    expect(results.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(2_300);
    expect(await kept()).toEqual([2_301]);
    expect((await readTails(database.query)).player).toBe(2_301);
    expect(await idsIn('notification_receipt', 'notification_id')).toEqual([2_301]);
  });

  test('takes what very many have read in small statements, and never a part of its receipts alone', async () => {
    await fill(Array.from({ length: 8 }, () => ({ keepClass: 'global', age: MINUTE })));
    const readers = new Map([
      [2, 12_000],
      [3, 4_000],
      [4, 4_998],
      [6, 9_000],
    ]);
    for (const [id, count] of readers)
      await database.execute(
        'INSERT INTO notification_receipt (player_id, notification_id, read_at) VALUES ?',
        [Array.from({ length: count }, (_, i) => [100 + i, id, NOW])],
      );
    const receipts = () =>
      database.query<{ id: number; count: number }>(
        'SELECT notification_id AS id, COUNT(*) AS count FROM notification_receipt GROUP BY id ORDER BY id',
      );
    const all = await receipts();
    let most = 0;
    const observed: Database = {
      ...database,
      transaction: async (run) => {
        const result = await database.transaction((tx) =>
          run({
            ...tx,
            execute: async (sql, values) => {
              const answer = await tx.execute(sql, values);
              most = Math.max(most, answer.affectedRows);
              return answer;
            },
          }),
        );
        const left = await kept();
        expect(await receipts()).toEqual(all.filter(({ id }) => left.includes(id)));
        return result;
      },
    };
    expect(await pruneLog(observed, agesOf(0), { now: NOW })).toEqual({ deleted: 7 });
    expect(most).toBeLessThanOrEqual(5_000);
    expect(await kept()).toEqual([8]);
    expect((await readTails(database.query)).global).toBe(8);
  });

  test('stops between two batches when it is aborted, and what it did stays done', async () => {
    await fill(Array.from({ length: 1_200 }, () => ({ keepClass: 'player', age: MINUTE })));
    const stop = new AbortController();
    const observed: Database = {
      ...database,
      transaction: async (run) => {
        const result = await database.transaction(run);
        stop.abort();
        return result;
      },
    };
    expect(await pruneLog(observed, agesOf(0), { now: NOW, signal: stop.signal })).toEqual({ deleted: 500 });
    expect((await readTails(database.query)).player).toBe(501);
    expect((await kept()).length).toBe(700);
  });

  test('drops idempotency keys that are past their time, and no others', async () => {
    const keys = Array.from({ length: 1_100 }, (_, i) => [
      `key:${i}`,
      Buffer.alloc(32),
      1,
      new Date(NOW.getTime() + (i < 1_050 ? -1 : 1) * MINUTE),
    ]);
    await database.execute(
      'INSERT INTO log_key (idempotency_key, fingerprint, first_id, expires_at) VALUES ?',
      [keys],
    );
    await pruneLog(database, agesOf(0), { now: NOW });
    const left = await database.query('SELECT idempotency_key FROM log_key');
    expect(left.length).toBe(50);
  });

  test('disturbs neither who appends nor who follows', async () => {
    const followed = await follow(database);
    const appender = openAppender(database, {
      onCommitted: (rows, proof) => followed.follower.offer(rows, proof),
    });
    let appending = true;
    let deleted = 0;
    const pruning = (async () => {
      while (appending)
        deleted += (await pruneLog(database, agesOf(0), { now: new Date(Date.now() + MINUTE) })).deleted;
    })();
    for (let i = 0; i < 60; i++)
      await Promise.all([1, 2, 3].map((n) => appender.append([unitOf(`${i}.${n}`)])));
    appending = false;
    await pruning;
    expect(followed.rows.map((row) => row.id)).toEqual(Array.from({ length: 180 }, (_, i) => i + 1));
    expect(followed.faults).toEqual([]);
    expect(deleted).toBeGreaterThan(0);
    await followed.follower.close();
    await appender.close();
  });
});
