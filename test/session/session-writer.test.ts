import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sweepSessions } from '../../src/session/sweep.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { startNode } from './fixture.ts';

const db = prepareDatabase();

function node(options?: { heartbeatMs?: number }) {
  const started = startNode(db.url, options);
  onTestFinished(started.close);
  return started;
}

async function row(streamId: string) {
  const [found] = await db.database.query<Record<string, unknown>>(
    `SELECT *, TIMESTAMPDIFF(SECOND, connected_at, UTC_TIMESTAMP(3)) AS age_s,
            TIMESTAMPDIFF(SECOND, last_heartbeat_at, UTC_TIMESTAMP(3)) AS heartbeat_age_s
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

describe('a heartbeat', () => {
  test('writes the delivered position and the expiry of every open stream', async () => {
    const here = node({ heartbeatMs: 50 });
    const streams = [here.open({ userId: 1 }).stream, here.open({ userId: 2 }).stream];
    await here.writer.flush();
    for (const [index, stream] of streams.entries()) {
      await age(stream.id, 'last_heartbeat_at', 90);
      stream.lastDeliveredId = 100 + index;
      stream.expiresAt = new Date('2100-01-01T00:00:00.000Z');
    }
    await vi.waitFor(async () => {
      for (const [index, stream] of streams.entries()) {
        const found = await row(stream.id);
        expect(found).toMatchObject({ last_delivered_id: 100 + index, expires_at: streams[0]?.expiresAt });
        expect(found?.heartbeat_age_s).toBeLessThan(80);
      }
    });
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

  test('restores the row of a live stream that was swept or deleted', async () => {
    const here = node();
    const [swept, deleted] = [here.open({ userId: 1 }).stream, here.open({ userId: 2 }).stream];
    await here.writer.flush();
    await age(swept.id, 'last_heartbeat_at', 3600);
    await sweepSessions(db.database, 60_000);
    await db.database.execute('DELETE FROM stream_session WHERE stream_id = ?', [deleted.id]);
    expect(await active(here.id)).toEqual([]);

    for (const stream of here.streams) here.writer.markDirty(stream);
    await here.writer.flush();
    expect((await active(here.id)).sort()).toEqual([swept.id, deleted.id].sort());
    expect(await row(swept.id)).toMatchObject({ disconnected_at: null, close_reason: null });
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
