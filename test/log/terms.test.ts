import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { Appender } from '../../src/log/appender.ts';
import type { LogFault } from '../../src/log/follower.ts';
import { Follower } from '../../src/log/follower.ts';
import { readHead, readRange } from '../../src/log/reader.ts';
import { pruneLog } from '../../src/log/retention.ts';
import type { LogRow } from '../../src/log/row.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';
import { follow, unitOf } from '../support/database/log.ts';
import { startServerPair } from '../support/database/server-pair.ts';
import { backUpTables } from '../support/database/table-backup.ts';
import { until } from '../support/until.ts';

let made: TestDatabase;
let database: Database;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  made = await createTestDatabase();
  database = made.database;
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await made.drop();
});

/** A process that follows and appends. What it delivered is kept as the cursors that its streams were sent. */
async function startNode(
  connect: (settings?: { multipleStatements: boolean }) => ReturnType<Database['connect']>,
) {
  const sent: { readonly row: LogRow; readonly term: string }[] = [];
  const faults: LogFault[] = [];
  const follower: Follower = new Follower({
    connect: () => connect(),
    onRows: (rows) => sent.push(...rows.map((row) => ({ row, term: follower.terms.labelOf(row) }))),
    onReset: (fault) => faults.push(fault),
    pollMs: { busy: 2, idle: 20 },
  });
  const appender = new Appender({
    connect: () => connect({ multipleStatements: true }),
    onCommitted: (rows, proof) => follower.offer(rows, proof),
    verifier: follower,
    patienceMs: 12_000,
  });
  await follower.start();
  const node = {
    follower,
    appender,
    sent,
    faults,
    append: async (...texts: string[]) => {
      for (const text of texts) await appender.append([unitOf(text)]);
    },
    /** Whether a stream may resume at what this node sent as its nth row. */
    judges: (other: (typeof sent)[number] | undefined) =>
      other && follower.terms.judge({ id: other.row.id, term: other.term }, follower.position),
    async stop() {
      await appender.close();
      await follower.close();
    },
  };
  closers.push(node.stop);
  return node;
}

const here = (settings?: { multipleStatements: boolean }) => database.connect(settings);
const texts = (count: number, name = 'event') => Array.from({ length: count }, (_, i) => `${name} ${i}`);

const backUp = (tables?: readonly string[]) => backUpTables(database, tables);

test('an append of a process begins one term, and no stream notices', async () => {
  const first = await startNode(here);
  const second = await startNode(here);
  await first.append(...texts(3));
  await second.append(...texts(3));
  await first.append(...texts(3));
  await until(() => first.sent.length === 9 && second.sent.length === 9);
  expect(await database.query('SELECT COUNT(*) AS count FROM log_term')).toEqual([{ count: 3 }]);
  for (const node of [first, second]) {
    expect(node.faults).toEqual([]);
    expect(node.sent.map(({ row, term }) => [row.id, term])).toEqual(
      first.sent.map(({ row }) => [row.id, row.term]),
    );
    expect(first.sent.map((sent) => node.judges(sent))).toEqual(first.sent.map(() => ({ valid: true })));
  }
});

test('rows that are restored away under running nodes while publishing goes on: exactly the streams that had them are reset', async () => {
  const first = await startNode(here);
  await first.append(...texts(10));
  const restore = await backUp();
  await first.append(...texts(8, 'lost'));
  const second = await startNode(here);
  await restore();
  await second.append(...texts(12, 'new'));
  await until(() => first.faults.length > 0 && first.follower.position === 22);
  await first.append('after');
  expect(first.judges(first.sent[9])).toEqual({ valid: true });
  for (const lost of first.sent.slice(10, 18))
    expect(first.judges(lost)).toEqual({ valid: false, resumeAfter: 10 });
});

test('rows that are restored away and overtaken by others between two polls, in the same term: the row at the position differs', async () => {
  const node = await startNode(here);
  await node.append(...texts(18));
  await until(() => node.sent.length === 18);
  // In one transaction: no poll sees a lower head, and no append is refused.
  await database.transaction(async (tx) => {
    await tx.execute('DELETE FROM notification WHERE id > 10');
    for (let id = 11; id <= 30; id++)
      await tx.execute(
        `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at, term, tag)
         SELECT ?, ?, scope, keep_class, type, inbox, title, 'other', data, created_at, term, 'other' FROM notification WHERE id = 10`,
        [id, id],
      );
    await tx.execute("UPDATE log_head SET head = 30, tagged_head = 30, tag = 'other'");
  });
  await until(() => node.faults.length > 0);
  expect(node.faults).toEqual([{ reason: 'replaced', from: 18, to: 30 }]);
  expect(node.judges(node.sent[9])).toEqual({ valid: true });
  for (const lost of node.sent.slice(10))
    expect(node.judges(lost)).toEqual({ valid: false, resumeAfter: 10 });
  await node.append('after');
  await until(() => node.sent.length === 19);
});

test('a dump that is restored while no node runs refuses exactly the cursors behind it', async () => {
  const first = await startNode(here);
  await first.append(...texts(10));
  const restore = await backUp();
  await first.append(...texts(5, 'lost'));
  await first.stop();
  await restore();
  const second = await startNode(here);
  await second.append(...texts(20, 'new'));
  expect(second.faults).toEqual([]);
  expect(first.sent.map((sent) => second.judges(sent))).toEqual([
    ...texts(10).map(() => ({ valid: true })),
    ...texts(5).map(() => ({ valid: false, resumeAfter: 10 })),
  ]);
});

test('log_head restored alone is mended by the next append, and costs no cursor', async () => {
  const first = await startNode(here);
  await first.append(...texts(10));
  const restore = await backUp(['log_head']);
  await first.append(...texts(5));
  await restore();
  await first.append('after');
  expect(await database.query('SELECT head FROM log_head')).toEqual([{ head: 16 }]);
  const fresh = await startNode(here);
  await restore();
  await fresh.append('again');
  expect(await database.query('SELECT head FROM log_head')).toEqual([{ head: 17 }]);
  expect(first.sent.map((sent) => fresh.judges(sent))).toEqual(first.sent.map(() => ({ valid: true })));
});

test('a head that names another append than the row there is mended by a poll, and costs no cursor', async () => {
  const node = await startNode(here);
  await node.append(...texts(5));
  await database.execute("UPDATE log_head SET tag = 'another'");
  const state = () => database.query('SELECT tag, tagged_head FROM log_head');
  const [last] = await database.query<{ tag: string }>('SELECT tag FROM notification WHERE id = 5');
  await until(async () => isDeepStrictEqual(await state(), [{ tag: last?.tag, tagged_head: 5 }]));
  await node.append('after');
  expect(node.faults).toEqual([]);
  expect(node.sent.map((sent) => node.judges(sent))).toEqual(node.sent.map(() => ({ valid: true })));
});

test('rows that are restored alone while no node runs: what they lack is refused at the start, before any append', async () => {
  const first = await startNode(here);
  await first.append(...texts(10));
  const restore = await backUp(['notification']);
  await first.append(...texts(5, 'lost'));
  await first.stop();
  await restore();
  const second = await startNode(here);
  expect(first.sent.map((sent) => second.judges(sent))).toEqual([
    ...texts(10).map(() => ({ valid: true })),
    ...texts(5).map(() => ({ valid: false, resumeAfter: 10 })),
  ]);
  await second.append('after');
  await until(() => second.sent.length > 0);
  expect(second.sent.map(({ row }) => row.id)).toEqual([16]);
});

test('rows that are lost below a head that was mended before: nothing is appended before their cursors are refused', async () => {
  const node = await startNode(here);
  await node.append('a', 'b', 'c');
  await until(() => node.sent.length === 3);
  await database.execute('DELETE FROM notification WHERE id > 1');
  const head = () => database.query('SELECT tag, tagged_head FROM log_head');
  await until(async () => isDeepStrictEqual(await head(), [{ tag: null, tagged_head: 3 }]));
  expect(node.judges(node.sent[0])).toEqual({ valid: true });
  await database.execute('DELETE FROM notification');
  await node.append('after');
  for (const sent of node.sent.slice(0, 3))
    expect(node.judges(sent)).toEqual({ valid: false, resumeAfter: 0 });
});

test('rows of another log that end where the head is: no cursor of the log that they replaced is valid', async () => {
  const first = await startNode(here);
  await first.append(...texts(5));
  const restoreLog = await backUp();
  await first.append(...texts(5, 'lost'));
  await first.stop();
  await database.execute('CREATE TABLE other_rows AS SELECT * FROM notification');
  await restoreLog();
  const second = await startNode(here);
  await second.append(...texts(5, 'new'));
  await second.stop();
  await database.execute('DELETE FROM notification');
  await database.execute('INSERT INTO notification SELECT * FROM other_rows');
  const third = await startNode(here);
  expect(second.sent.map((sent) => third.judges(sent)?.valid)).toEqual(texts(5).map(() => false));
});

test('a primary that falls silent: what was answered by the new one reaches every stream, and what it lacks is refused', {
  timeout: 90_000,
}, async () => {
  const pair = await startServerPair();
  closers.push(pair.close);
  const address = openDatabase({ url: pair.url });
  closers.push(() => address.close());
  // The follower's connections fall silent, and those of appends break at once.
  const breaking = await startDatabaseProxy(pair.primary.server.url);
  const appends = openDatabase({ url: breaking.url });
  closers.push(async () => {
    await appends.close();
    await breaking.close();
  });
  const node = await startNode((settings) => (settings ? appends : address).connect(settings));
  await node.append(...texts(10));
  await pair.replicate();
  await node.append(...texts(5, 'lost'));
  const before = [...node.sent];
  pair.failOver('fall silent');
  await breaking.cut();
  breaking.redirect(pair.replica.server.url, 'go on');
  await breaking.restore();
  // The log grows past the position of the streams.
  const answered = texts(10, 'new');
  await node.append(...answered);
  const { head } = await readHead(pair.replica.database.query);
  await until(() => node.follower.position === head);
  expect(node.faults).toMatchObject([{ from: 15 }]);
  expect(before.map((sent) => node.judges(sent))).toEqual([
    ...texts(10).map(() => ({ valid: true })),
    ...texts(5).map(() => ({ valid: false, resumeAfter: 10 })),
  ]);
  const rows = await readRange(pair.replica.database.query, 10, head, 100);
  expect(rows.map(({ message }) => message)).toEqual(answered);
});

test('a follower that moves to another server reports it, once', { timeout: 90_000 }, async () => {
  const pair = await startServerPair();
  closers.push(pair.close);
  const address = openDatabase({ url: pair.url });
  closers.push(() => address.close());
  let moves = 0;
  const { follower, connections } = await follow(address, { onServerChanged: () => moves++ });
  closers.push(() => follower.close());
  const serverOf = async () => (await address.query<{ id: number }>('SELECT @@server_id AS id'))[0]?.id;
  expect(await serverOf()).toBe(101);
  pair.failOver('go on');
  // The pool's connection still leads to the server that was left.
  expect(await serverOf()).toBe(101);
  await pair.primary.database.execute(`KILL ${connections.at(-1)?.threadId}`);
  await until(() => moves > 0);
  address.renew();
  expect([moves, await serverOf()]).toEqual([1, 102]);
});

/** Appends as a release without terms does, and returns the cursor that its streams are sent. */
const appendAsBefore = (text: string) =>
  database.transaction(async (tx) => {
    await tx.execute('UPDATE log_head SET head = head + 1 WHERE id = 1');
    const { head, epoch } = await readHead(tx.query);
    await tx.execute(
      `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, title, message, data, created_at)
       VALUES (?, ?, 'global', 'global', 'ANNOUNCEMENT', 1, 'Title', ?, '{}', UTC_TIMESTAMP(3))`,
      [head, head, text],
    );
    return { id: head, term: epoch };
  });

test('what a node of a release without terms appends is delivered, and its cursors stay valid', async () => {
  const node = await startNode(here);
  const before = [await appendAsBefore('a')];
  await node.append('b');
  before.push(await appendAsBefore('c'), await appendAsBefore('d'));
  const other = await startNode(here);
  await other.append('e');
  before.push(await appendAsBefore('f'));
  await until(() => node.sent.length === 6 && other.follower.position === 6);
  expect(node.sent.map(({ row }) => row.message)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect([node.faults, other.faults]).toEqual([[], []]);
  for (const cursor of before)
    for (const { follower } of [node, other])
      expect(follower.terms.judge(cursor, follower.position)).toEqual({ valid: true });
});

test('nothing is appended over the rows of a release without terms that were lost alone: exactly their cursors are refused', async () => {
  const node = await startNode(here);
  await node.append('a');
  const restore = await backUp(['notification']);
  const lost = [await appendAsBefore('b'), await appendAsBefore('c')];
  await until(() => node.sent.length === 3);
  await restore();
  await node.append('d');
  expect(node.judges(node.sent[0])).toEqual({ valid: true });
  for (const cursor of lost)
    expect(node.follower.terms.judge(cursor, node.follower.position)).toEqual({
      valid: false,
      resumeAfter: 1,
    });
});

test('a node changes the epoch once for each of its connections, which is what older nodes see', async () => {
  const node = await startNode(here);
  const epochs: string[] = [];
  for (let count = 0; count < 3; count++) {
    await node.append('event');
    epochs.push((await readHead(database.query)).epoch);
  }
  expect(new Set(epochs).size).toBe(1);
});

test('terms go with the rows that they cover', async () => {
  const day = 86_400_000;
  for (let number = 0; number < 3; number++) {
    const node = await startNode(here);
    await node.append('event');
    await node.stop();
  }
  await database.execute('UPDATE log_term SET begun_at = NOW(3) - INTERVAL (10 - number) DAY');
  const ages = { player: day, contest: day, leaderboard: day, problem: day, global: 7.5 * day, nudge: day };
  await pruneLog(database, ages);
  expect(await database.query('SELECT number FROM log_term ORDER BY number')).toEqual([
    { number: 2 },
    { number: 3 },
    { number: 4 },
  ]);
});
