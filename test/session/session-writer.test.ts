import { randomUUID } from 'node:crypto';
import { format } from 'mysql2';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Queries } from '../../src/db/database.ts';
import { NodeLease } from '../../src/session/node-lease.ts';
import { SessionWriter } from '../../src/session/session-writer.ts';
import { openWebSink } from '../../src/stream/web-sink.ts';
import { createStreams, OWNER, openStream } from '../stream/fixture.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';
import { ageLease, startNode } from './fixture.ts';

const db = prepareDatabase();

function node(options?: { heartbeatMs?: number }) {
  const started = startNode(db.url, options);
  onTestFinished(started.close);
  return started;
}

async function row(streamId: string) {
  const [found] = await db.database.query<Record<string, unknown>>(
    `SELECT *, TIMESTAMPDIFF(SECOND, connected_at, UTC_TIMESTAMP(3)) AS age_s
       FROM stream_session WHERE stream_id = ?`,
    [streamId],
  );
  return found;
}

async function active(nodeId: string): Promise<string[]> {
  const rows = await db.database.query<{ stream_id: string }>(
    'SELECT stream_id FROM v_active_sessions WHERE node_id = ?',
    [nodeId],
  );
  return rows.map(({ stream_id }) => stream_id);
}

const age = (streamId: string, column: string, seconds: number) =>
  db.database.execute(
    `UPDATE stream_session SET ${column} = ${column} - INTERVAL ? SECOND WHERE stream_id = ?`,
    [seconds, streamId],
  );

describe('a stream', () => {
  test('has a row soon after it opens, and does not wait for it', async () => {
    const here = node();
    const { userId, playerId } = await createPlayer(db.database, { name: 'Ada' });
    const { stream } = here.open({
      userId,
      playerId,
      scopes: [`player:${playerId}`, 'global'],
      ticketId: '0b0a6a2e-6d1c-4a53-8f0e-7f3d3a1d9c11',
      address: '2001:db8::7',
      userAgent: 'curl/8.5.0',
      expiresAt: new Date('2101-02-03T04:05:06.789Z'),
    });
    await vi.waitFor(async () => expect(await row(stream.id)).toBeDefined());
    expect(await row(stream.id)).toMatchObject({
      node_id: here.id,
      user_id: userId,
      player_id: playerId,
      ticket_id: '0b0a6a2e-6d1c-4a53-8f0e-7f3d3a1d9c11',
      address: '2001:db8::7',
      user_agent: 'curl/8.5.0',
      expires_at: new Date('2101-02-03T04:05:06.789Z'),
      last_delivered_id: 0,
      disconnected_at: null,
      close_reason: null,
    });
    const { scopes } = (await row(stream.id)) as { scopes: string };
    expect(JSON.parse(scopes)).toEqual([`player:${playerId}`, 'global']);
    expect(await active(here.id)).toEqual([stream.id]);
  });

  test.each([
    ['the client leaves', 'gone'],
    ['the service ends it', 'slow'],
  ] as const)('is written down as closed when %s', async (_how, reason) => {
    const here = node();
    const opened = here.open({ userId: 1 });
    await here.writer.flush();
    opened.stream.lastDeliveredId = 42;
    if (reason === 'gone') opened.leave();
    else opened.stream.close(reason);
    await vi.waitFor(async () => expect((await row(opened.stream.id))?.disconnected_at).not.toBeNull());
    expect(await row(opened.stream.id)).toMatchObject({ close_reason: reason, last_delivered_id: 42 });
    expect(await active(here.id)).toEqual([]);
  });

  test('that closed before its first write has a row all the same', async () => {
    const here = node();
    const { stream } = here.open({ userId: 1 });
    stream.close('replaced');
    await here.writer.flush();
    expect(await row(stream.id)).toMatchObject({
      close_reason: 'replaced',
      disconnected_at: expect.any(Date),
    });
  });

  test.each([
    ['a header that is too long', { userAgent: '😀'.repeat(300) }, { user_agent: '😀'.repeat(127) }],
    ['half a surrogate pair', { userAgent: 'a\ud83d' }, { user_agent: 'a\ufffd' }],
    ['what SQL and JSON are made of', { userAgent: `\\'"\0\n{}` }, { user_agent: `\\'"\0\n{}` }],
    ['an address that is none', { address: 'x'.repeat(200) }, { address: 'x'.repeat(45) }],
    ['a token that never ends', { expiresAt: new Date(8.64e15) }, { expires_at: new Date('9999-12-31') }],
    ['no player', { playerId: undefined }, { player_id: null }],
  ])('with %s is written down, too', async (_what, given, written) => {
    const here = node();
    const { stream } = here.open({ userId: 1, ...given });
    const after = here.open({ userId: 2 });
    await here.writer.flush();
    expect(await row(stream.id)).toMatchObject(written);
    expect(await row(after.stream.id)).toBeDefined();
  });
});

describe('an open stream', () => {
  test('is not written again while the lease of its node is renewed', async () => {
    const here = node({ heartbeatMs: 20 });
    const streams = [here.open({ userId: 1 }).stream, here.open({ userId: 2 }).stream];
    await here.writer.flush();
    const read = () => Promise.all(streams.map(({ id }) => row(id)));
    const renewedAt = async () =>
      (
        await db.database.query<{ at: Date }>('SELECT renewed_at AS at FROM node WHERE node_id = ?', [
          here.id,
        ])
      )[0]?.at.getTime() ?? 0;
    const [before, first] = [await read(), await renewedAt()];
    for (const stream of streams) stream.lastDeliveredId = 100;
    await vi.waitFor(async () => expect(await renewedAt()).toBeGreaterThan(first + 100));
    const written = (rows: (Record<string, unknown> | undefined)[]) =>
      rows.map((found) => [found?.changed_at, found?.last_delivered_id]);
    expect(written(await read())).toEqual(written(before));
    expect((await active(here.id)).sort()).toEqual(streams.map(({ id }) => id).sort());
  });

  test('is alive as long as the lease, and shows its renewal as the last heartbeat', async () => {
    const here = node();
    const { stream } = here.open({ userId: 1 });
    await here.writer.flush();
    await ageLease(db.database, here.id, 20);
    const shown = await db.database.query(
      `SELECT TIMESTAMPDIFF(SECOND, last_heartbeat_at, UTC_TIMESTAMP(3)) BETWEEN 20 AND 40 AS ok FROM v_active_sessions
        WHERE stream_id = ?`,
      [stream.id],
    );
    expect(shown).toEqual([{ ok: 1 }]);
    await ageLease(db.database, here.id, 41);
    expect(await active(here.id)).toEqual([]);
  });

  test('counts for nodes of earlier releases until the latest moment at which it ends', async () => {
    const here = node();
    const { stream } = here.open({ userId: 1 });
    await here.writer.flush();
    const [left] = await db.database.query<{ ms: number }>(
      `SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), last_heartbeat_at) / 1000 AS ms FROM stream_session
        WHERE stream_id = ?`,
      [stream.id],
    );
    expect(Math.abs(Number(left?.ms) - (stream.rotatesAt - performance.now()))).toBeLessThan(5_000);
    stream.close('slow');
    await here.writer.flush();
    expect((await row(stream.id))?.last_heartbeat_at).toEqual((await row(stream.id))?.disconnected_at);
  });

  test('leaves the time of the opening as it was', async () => {
    const here = node();
    const { stream } = here.open({ userId: 1 });
    await here.writer.flush();
    await age(stream.id, 'connected_at', 500);
    here.writer.markDirty(stream);
    await here.writer.flush();
    expect(Number((await row(stream.id))?.age_s)).toBeGreaterThanOrEqual(500);
  });

  test('has its row written anew once the lease had ended, whether it was swept or deleted', async () => {
    const here = node({ heartbeatMs: 100 });
    const [swept, deleted] = [here.open({ userId: 1 }).stream, here.open({ userId: 2 }).stream];
    await here.writer.flush();
    await db.database.transaction(async (tx) => {
      // The lease cannot be renewed before the sweep.
      await tx.query('SELECT 1 FROM node WHERE node_id = ? FOR UPDATE', [here.id]);
      await ageLease(tx, here.id, 61);
      await tx.execute('DELETE FROM stream_session WHERE stream_id = ?', [deleted.id]);
      await tx.execute(
        "UPDATE stream_session SET disconnected_at = UTC_TIMESTAMP(3), close_reason = 'lost' WHERE stream_id = ?",
        [swept.id],
      );
    });
    await vi.waitFor(async () =>
      expect((await active(here.id)).sort()).toEqual([swept.id, deleted.id].sort()),
    );
    expect(await row(swept.id)).toMatchObject({ disconnected_at: null, close_reason: null });
  });
});

/** A writer that renews every 20 ms, over this database, and its streams. */
function writerOn(database: Pick<Queries, 'execute' | 'query'>) {
  const streams = createStreams({ query: db.database.query, limits: { heartbeatMs: 60_000 } });
  const nodeId = randomUUID();
  const lease = new NodeLease({ database, nodeId, durationMs: 60_000 });
  const writer = new SessionWriter({ database, streams, nodeId, lease, renewMs: 20 });
  writer.start();
  onTestFinished(async () => {
    streams.close();
    await writer.close();
  });
  return { writer, streams, nodeId };
}

test('no statement exceeds a packet of 48 KiB, however many streams open at once', async () => {
  let largest = 0;
  const { writer, streams, nodeId } = writerOn({
    query: async <T>() => [{ bytes: 49_152 }] as T[],
    execute(sql, values) {
      largest = Math.max(largest, Buffer.byteLength(format(sql, [...(values ?? [])] as never)));
      return db.database.execute(sql, values);
    },
  });
  const userAgent = '"'.repeat(250);
  for (let index = 0; index < 500; index++)
    openStream(streams, openWebSink(undefined).sink, { owner: { ...OWNER, userId: index + 1, userAgent } });
  await writer.flush();
  expect(largest).toBeLessThan(49_152);
  expect(await active(nodeId)).toHaveLength(500);
});

test('ten thousand idle streams cost one statement per renewal', async () => {
  const statements: string[] = [];
  const counted: Pick<Queries, 'execute' | 'query'> = {
    query: db.database.query,
    execute(sql, values) {
      statements.push(sql);
      return db.database.execute(sql, values);
    },
  };
  const { writer, streams } = writerOn(counted);
  for (let index = 0; index < 10_000; index++)
    openStream(streams, openWebSink(undefined).sink, { owner: { ...OWNER, userId: index + 1 } });
  await writer.flush();
  const forSessions = () => statements.filter((statement) => statement.includes('stream_session'));
  expect(forSessions().length).toBeLessThan(20);
  statements.length = 0;
  await vi.waitUntil(() => statements.length >= 10);
  expect(forSessions()).toEqual([]);
});

test('a row that another transaction has locked delays no other', async () => {
  const here = node();
  const { stream } = here.open({ userId: 1 });
  await here.writer.flush();
  const free = await lockRows(db.url, `stream_session WHERE stream_id = '${stream.id}'`);
  stream.close('slow');
  const others = [here.open({ userId: 2 }).stream, here.open({ userId: 3 }).stream];
  await vi.waitUntil(
    async () => (await active(here.id)).filter((id) => others.some((other) => other.id === id)).length === 2,
    { timeout: 15_000 },
  );
  expect(await row(stream.id)).toMatchObject({ close_reason: null });
  await free();
  await vi.waitUntil(async () => (await row(stream.id))?.close_reason === 'slow', { timeout: 15_000 });
});

describe('Where the rows of this node are those of an older copy', () => {
  /** What a restored copy holds: streams that have closed since as open, and none that has opened since. */
  async function restored(here: ReturnType<typeof node>) {
    const { stream } = here.open({ userId: 1 });
    await here.writer.flush();
    const [first, second] = [randomUUID(), randomUUID()];
    for (const id of [first, second])
      await db.database.execute(
        `INSERT INTO stream_session (stream_id, node_id, user_id, scopes, connected_at, expires_at, last_heartbeat_at, last_delivered_id)
         SELECT ?, node_id, user_id, scopes, connected_at, expires_at, last_heartbeat_at, last_delivered_id
           FROM stream_session WHERE stream_id = ?`,
        [id, stream.id],
      );
    await db.database.execute('DELETE FROM stream_session WHERE stream_id = ?', [stream.id]);
    return { stream, first, second };
  }

  test('streams that have closed are ended, and open ones have their rows', async () => {
    const [here, other] = [node(), node()];
    const elsewhere = other.open({ userId: 2 }).stream;
    await other.writer.flush();
    const { stream } = await restored(here);
    here.writer.reconcile();
    await vi.waitFor(async () => expect(await active(here.id)).toEqual([stream.id]));
    expect(await active(other.id)).toEqual([elsewhere.id]);
  });

  test('a row that another transaction has locked delays no other, and is ended later', async () => {
    const here = node({ heartbeatMs: 100 });
    const { stream, first, second } = await restored(here);
    const free = await lockRows(db.url, `stream_session WHERE stream_id = '${first}'`);
    here.writer.reconcile();
    await vi.waitFor(async () => expect((await row(second))?.close_reason).toBe('lost'));
    const later = here.open({ userId: 3 }).stream;
    await vi.waitFor(async () => expect(await active(here.id)).toContain(later.id));
    expect((await row(first))?.close_reason).toBeNull();
    await free();
    await vi.waitFor(async () =>
      expect((await active(here.id)).sort()).toEqual([stream.id, later.id].sort()),
    );
  });
});

test('two nodes write their own rows, and the view of active sessions has both', async () => {
  const [one, two] = [node(), node()];
  const streams = [one, two].map((each) => each.open({ userId: 1 }).stream.id);
  await Promise.all([one.writer.flush(), two.writer.flush()]);
  expect([await active(one.id), await active(two.id)]).toEqual(streams.map((id) => [id]));
});

test('a crowd takes a few statements, and each of its streams has a row', async () => {
  const here = node();
  const streams = Array.from({ length: 2_500 }, (_, index) => here.open({ userId: index + 1 }).stream);
  for (const stream of streams.slice(0, 500)) stream.close('slow');
  await here.writer.flush();
  const rows = await db.database.query<{ closed: number; n: number }>(
    `SELECT disconnected_at IS NOT NULL AS closed, COUNT(*) AS n FROM stream_session
      WHERE node_id = ? GROUP BY closed ORDER BY closed`,
    [here.id],
  );
  expect(rows).toEqual([
    { closed: 0, n: 2_000 },
    { closed: 1, n: 500 },
  ]);
});

test('closing the writer writes every stream as closed', async () => {
  const here = startNode(db.url);
  const [open, left] = [here.open({ userId: 1 }), here.open({ userId: 2 })];
  left.leave();
  await here.writer.close();
  expect(await row(open.stream.id)).toMatchObject({ close_reason: 'shutdown' });
  expect(await row(left.stream.id)).toMatchObject({ close_reason: 'gone' });
  await here.close();
  expect(await row(open.stream.id)).toMatchObject({ disconnected_at: expect.any(Date) });
});
