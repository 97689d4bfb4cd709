import { describe, expect, onTestFinished, test } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { startNode } from './fixture.ts';

const db = prepareDatabase();

function node() {
  const started = startNode(db.url);
  onTestFinished(started.close);
  return started;
}

async function streamOn(where: ReturnType<typeof node>, userId = 1) {
  const opened = where.open({ userId, expiresAt: new Date('2100-01-01T00:00:00Z') });
  await where.writer.flush();
  return opened;
}

const later = new Date('2100-06-01T00:00:00Z');

async function pending(nodeId: string): Promise<number> {
  const rows = await db.database.query(
    'SELECT stream_id FROM stream_session WHERE node_id = ? AND commanded_at IS NOT NULL',
    [nodeId],
  );
  return rows.length;
}

describe('disconnect', () => {
  test('closes a stream of this node at once', async () => {
    const here = node();
    const { stream } = here.open({ userId: 1 });
    expect(await here.commands.disconnect(stream.id, 1, 'disconnected')).toBe(true);
    expect(stream.closeReason).toBe('disconnected');
  });

  test('closes a stream of another node at that node’s next poll, with the reason', async () => {
    const [here, there] = [node(), node()];
    const { stream, text } = await streamOn(there);
    expect(await here.commands.disconnect(stream.id, undefined, 'disconnected')).toBe(true);
    await here.commands.carryOut();
    expect(stream.state).not.toBe('closed');
    await there.commands.carryOut();
    expect(await text()).toMatch(
      /event: stream-close\ndata: {"reason":"disconnected","reconnect":false}\n\n$/,
    );
    expect(await pending(there.id)).toBe(0);
  });

  test('closes only streams of the given user, and answers alike for foreign and absent ones', async () => {
    const [here, there] = [node(), node()];
    const own = await streamOn(here, 1);
    const remote = await streamOn(there, 1);
    for (const id of [own.stream.id, remote.stream.id, '00000000-0000-0000-0000-000000000000', '\'"\\'])
      expect(await here.commands.disconnect(id, 2, 'disconnected')).toBe(false);
    await Promise.all([here.commands.carryOut(), there.commands.carryOut()]);
    expect([own, remote].map(({ stream }) => stream.state)).not.toContain('closed');
    expect(await here.commands.disconnect(remote.stream.id, 1, 'disconnected')).toBe(true);
  });

  test('leaves a closed stream as it ended', async () => {
    const [here, there] = [node(), node()];
    const { stream } = await streamOn(there);
    stream.close('slow');
    await there.writer.flush();
    expect(await here.commands.disconnect(stream.id, 1, 'disconnected')).toBe(true);
    const [row] = await db.database.query('SELECT close_reason FROM stream_session WHERE stream_id = ?', [
      stream.id,
    ]);
    expect(row).toEqual({ close_reason: 'slow' });
    expect(await pending(there.id)).toBe(0);
  });

  test('is cleared when the stream ends by itself first', async () => {
    const [here, there] = [node(), node()];
    const { stream } = await streamOn(there);
    await here.commands.disconnect(stream.id, 1, 'disconnected');
    stream.close('slow');
    await there.writer.flush();
    expect(await pending(there.id)).toBe(0);
    expect(stream.closeReason).toBe('slow');
  });

  test('can be written from SQL, and ends the sessions that SQL registered', async () => {
    const here = node();
    const { stream } = await streamOn(here);
    await db.database.execute('CALL live_disconnect_session(?)', [stream.id]);
    await here.commands.carryOut();
    expect(stream.closeReason).toBe('disconnected');

    const { userId, playerId } = await createPlayer(db.database);
    await db.database.execute("CALL live_register_session('their-own-id', ?, NULL, NULL)", [playerId]);
    expect(await here.commands.disconnect('their-own-id', userId, 'disconnected')).toBe(true);
    const [row] = await db.database.query(
      "SELECT close_reason, disconnected_at IS NULL AS open FROM stream_session WHERE stream_id = 'their-own-id'",
    );
    expect(row).toEqual({ close_reason: 'disconnected', open: 0 });
  });
});

describe('refresh', () => {
  test('extends a stream of this node', async () => {
    const here = node();
    const { stream } = await streamOn(here);
    expect(await here.commands.refresh(stream.id, 1, later)).toEqual(later);
    expect(stream.expiresAt).toEqual(later);
    await here.writer.flush();
    const [row] = await db.database.query('SELECT expires_at FROM stream_session WHERE stream_id = ?', [
      stream.id,
    ]);
    expect(row).toEqual({ expires_at: later });
  });

  test('extends a stream of another node, whatever that node writes before its next poll', async () => {
    const [here, there] = [node(), node()];
    const { stream } = await streamOn(there);
    expect(await here.commands.refresh(stream.id, 1, later)).toEqual(later);
    there.writer.markDirty(stream);
    await there.writer.flush();
    await there.commands.carryOut();
    expect(stream.expiresAt).toEqual(later);
    expect(await pending(there.id)).toBe(0);
  });

  test('never shortens a stream', async () => {
    const [here, there] = [node(), node()];
    const sooner = new Date(Date.now() + 1_000);
    for (const where of [here, there]) {
      const { stream } = await streamOn(where);
      const before = stream.expiresAt;
      expect(await here.commands.refresh(stream.id, 1, sooner)).toEqual(before);
      await where.commands.carryOut();
      expect(stream.expiresAt).toEqual(before);
    }
  });

  test('keeps the later of two expiries, whichever node received it', async () => {
    const [here, there] = [node(), node()];
    const { stream } = await streamOn(there);
    const latest = new Date('2100-12-01T00:00:00Z');
    await here.commands.refresh(stream.id, 1, later);
    await there.commands.refresh(stream.id, 1, latest);
    await there.commands.carryOut();
    expect(stream.expiresAt).toEqual(latest);
  });

  test('is refused for closed streams and those of other users', async () => {
    const [here, there] = [node(), node()];
    const [local, remote] = [await streamOn(here), await streamOn(there)];
    const over = await streamOn(there, 2);
    over.stream.close('slow');
    await there.writer.flush();
    for (const id of [local.stream.id, remote.stream.id, over.stream.id, 'no-such-stream'])
      expect(await here.commands.refresh(id, 2, later)).toBeUndefined();
    expect(await pending(there.id)).toBe(0);
  });
});

describe('a command that arrives while an older one is being carried out', () => {
  test('is carried out at the next poll', async () => {
    const [here, there] = [node(), node()];
    const { stream } = await streamOn(there);
    const second = new Date('2100-07-01T00:00:00Z');
    await here.commands.refresh(stream.id, 1, later);
    const execute = there.database.execute;
    there.database.execute = async (sql, values) => {
      there.database.execute = execute;
      await here.commands.refresh(stream.id, 1, second);
      return execute(sql, values);
    };
    await there.commands.carryOut();
    expect(stream.expiresAt).toEqual(later);
    await there.commands.carryOut();
    expect(stream.expiresAt).toEqual(second);
    expect(await pending(there.id)).toBe(0);
  });
});
