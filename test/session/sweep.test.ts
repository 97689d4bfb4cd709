import { randomUUID } from 'node:crypto';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { WRITE_SESSIONS } from '../../src/session/session-row.ts';
import { createSweep, KEEP_SESSIONS_DAYS } from '../../src/session/sweep.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { ageLease, startNode } from './fixture.ts';

const TIMEOUT_MS = 60_000;
const DAY_MS = 86_400_000;

const db = prepareDatabase();
beforeEach(async () => {
  await db.database.execute('DELETE FROM stream_session');
  await db.database.execute('DELETE FROM node');
});

const sweep = (signal?: AbortSignal) =>
  createSweep({ database: db.database, heartbeatTimeoutMs: TIMEOUT_MS, settleMs: 0 })(signal);

/** Inserts sessions that closed `ago` ms ago, or that are open with their last heartbeat `ago` ms ago. */
async function leaveSessions(count: number, ago: number, state: 'open' | 'closed'): Promise<void> {
  const rows = Array.from({ length: count }, () => ({
    id: randomUUID(),
    user: 1,
    scopes: '[]',
    age: ago + 1_000,
    ended: ago,
    delivered: 0,
    reason: 'gone',
  }));
  await db.database.execute(WRITE_SESSIONS, ['dead', JSON.stringify(rows)]);
  if (state === 'open')
    await db.database.execute(
      "UPDATE stream_session SET disconnected_at = NULL, close_reason = NULL WHERE close_reason = 'gone'",
    );
}

test('the sessions of a dead node end at its last renewal, and those of live nodes continue', async () => {
  const [dead, alive] = [startNode(db.url), startNode(db.url)];
  onTestFinished(alive.close);
  const [lost, kept] = [dead.open({ userId: 1 }).stream, alive.open({ userId: 2 }).stream];
  await Promise.all([dead.writer.flush(), alive.writer.flush()]);
  await dead.kill();
  expect(await sweep()).toEqual({ lost: 0, deleted: 0 });

  await ageLease(db.database, dead.id, 61);
  expect(await sweep()).toEqual({ lost: 1, deleted: 0 });
  const rows = await db.database.query(
    `SELECT stream_id, close_reason, disconnected_at = last_heartbeat_at AS at_heartbeat FROM stream_session
      ORDER BY user_id`,
  );
  expect(rows).toEqual([
    { stream_id: lost.id, close_reason: 'lost', at_heartbeat: 1 },
    { stream_id: kept.id, close_reason: null, at_heartbeat: null },
  ]);
  expect(await sweep()).toEqual({ lost: 0, deleted: 0 });
  expect(await db.database.query('SELECT node_id FROM node')).toEqual([{ node_id: alive.id }]);
});

test('a node that renews its lease within the time to settle keeps its sessions, and one that does not loses them', async () => {
  const [late, dead] = [startNode(db.url), startNode(db.url)];
  onTestFinished(late.close);
  for (const node of [late, dead]) {
    node.open({ userId: 1 });
    await node.writer.flush();
    await ageLease(db.database, node.id, 61);
  }
  await dead.kill();
  const patient = createSweep({ database: db.database, heartbeatTimeoutMs: TIMEOUT_MS, settleMs: 300 });
  expect(await patient()).toEqual({ lost: 0, deleted: 0 });
  await late.lease.renew();
  await expect.poll(patient).toEqual({ lost: 1, deleted: 0 });
  expect(await db.database.query('SELECT node_id FROM v_active_sessions')).toEqual([{ node_id: late.id }]);
});

test('a session whose row is locked delays no other', async () => {
  const dead = startNode(db.url);
  const [locked] = [dead.open({ userId: 1 }), dead.open({ userId: 2 })];
  await dead.writer.flush();
  await dead.kill();
  await ageLease(db.database, dead.id, 61);
  await leaveSessions(1, TIMEOUT_MS + 5_000, 'open');
  await db.database.transaction(async (tx) => {
    await tx.query('SELECT * FROM stream_session WHERE stream_id = ? FOR UPDATE', [locked?.stream.id]);
    expect(await sweep()).toEqual({ lost: 2, deleted: 0 });
  });
  expect(await sweep()).toEqual({ lost: 1, deleted: 0 });
});

test('a dead node with more streams than one batch is swept whole', async () => {
  for (let i = 0; i < 3; i++) await leaveSessions(800, TIMEOUT_MS + 5_000, 'open');
  expect(await sweep()).toEqual({ lost: 2_400, deleted: 0 });
});

test('sessions that closed long ago are deleted, and no others', async () => {
  await leaveSessions(1_500, (KEEP_SESSIONS_DAYS + 1) * DAY_MS, 'closed');
  await leaveSessions(3, (KEEP_SESSIONS_DAYS - 1) * DAY_MS, 'closed');
  expect(await sweep()).toEqual({ lost: 0, deleted: 1_500 });
  expect(await db.database.query('SELECT COUNT(*) AS n FROM stream_session')).toEqual([{ n: 3 }]);
});

test('an aborted sweep runs no further statement', async () => {
  await leaveSessions(1, TIMEOUT_MS + 5_000, 'open');
  expect(await sweep(AbortSignal.abort())).toEqual({ lost: 0, deleted: 0 });
});

test('nothing is deleted by age while the clock of the database is not trusted; dead nodes end all the same', async () => {
  await leaveSessions(1, TIMEOUT_MS + 5_000, 'open');
  await leaveSessions(2, (KEEP_SESSIONS_DAYS + 1) * DAY_MS, 'closed');
  const halted = createSweep({
    database: db.database,
    heartbeatTimeoutMs: TIMEOUT_MS,
    mayDelete: async () => false,
  });
  expect(await halted()).toEqual({ lost: 1, deleted: 0 });
});
