import { expect, onTestFinished, test, vi } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';
import { startPrivateServer } from '../support/database/database-server.ts';
import { startNode } from './fixture.ts';

async function privateDatabase() {
  const server = await startPrivateServer({ supervise: false });
  onTestFinished(server.remove);
  const database = openDatabase({ url: server.url });
  onTestFinished(database.close);
  await migrate(database);
  return { server, database };
}

test('changes of streams during an outage of the database are written once it is back', async () => {
  const { server, database } = await privateDatabase();
  const node = startNode(server.url);
  onTestFinished(node.close);
  const [stays, leaves] = [node.open({ userId: 1 }), node.open({ userId: 2 })];
  await node.writer.flush();

  await server.kill();
  leaves.leave();
  const [comes, passes] = [node.open({ userId: 3 }), node.open({ userId: 4 })];
  passes.stream.close('slow');
  await vi.waitUntil(() => node.errors.length > 0);
  await expect(node.writer.flush()).rejects.toThrow();
  expect([stays, comes].map(({ stream }) => stream.state)).not.toContain('closed');
  await server.restart();

  await vi.waitFor(
    async () => {
      const rows = await database.query<{ user: number; reason: string | null; fresh: number }>(
        `SELECT user_id AS user, close_reason AS reason, disconnected_at IS NULL AS open
           FROM stream_session ORDER BY user_id`,
      );
      expect(rows).toEqual([
        { user: 1, reason: null, open: 1 },
        { user: 2, reason: 'gone', open: 0 },
        { user: 3, reason: null, open: 1 },
        { user: 4, reason: 'slow', open: 0 },
      ]);
    },
    { timeout: 20_000 },
  );
  expect(node.errors).toHaveLength(1);
});

test('after an outage the heartbeats of all streams are written at once', async () => {
  const test = await createTestDatabase();
  const proxy = await startDatabaseProxy(test.url);
  onTestFinished(async () => {
    await proxy.close();
    await test.drop();
  });
  const node = startNode(proxy.url);
  onTestFinished(node.close);
  node.open({ userId: 1 });
  await node.writer.flush();
  await proxy.cut();
  node.open({ userId: 2 });
  await vi.waitUntil(() => node.errors.length > 0);
  await test.database.execute(
    'UPDATE stream_session SET last_heartbeat_at = last_heartbeat_at - INTERVAL 5 MINUTE',
  );
  await proxy.restore();
  await vi.waitFor(async () => {
    const rows = await test.database.query('SELECT user_id FROM v_active_sessions ORDER BY user_id');
    expect(rows).toEqual([{ user_id: 1 }, { user_id: 2 }]);
  });
});

test('a writer that cannot write closes nevertheless, and reports the error', async () => {
  const test = await createTestDatabase();
  onTestFinished(test.drop);
  const node = startNode(test.url);
  node.open({ userId: 1 });
  await node.kill();
  await node.writer.close();
  expect(node.errors).not.toEqual([]);
  await node.streams.close();
});
