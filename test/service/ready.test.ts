import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { healthRoutes, type Vitals } from '../../src/http/health.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { type PrivateServer, startPrivateServer } from '../support/database/database-server.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';

const TIMEOUT = { timeout: 15_000 };

describe('GET /ready', () => {
  let server: PrivateServer;
  let live: TestService;
  let admin: ReturnType<typeof openDatabase>;

  beforeAll(async () => {
    server = await startPrivateServer({ supervise: false });
    admin = openDatabase({ url: server.url });
    await migrate(admin);
    await admin.execute("CREATE USER 'live'@'localhost' IDENTIFIED BY 'geheim'");
    await admin.execute(`GRANT SELECT, UPDATE, DELETE ON ${admin.name}.* TO 'live'@'localhost'`);
    for (const { name } of await admin.query<{ name: string }>(
      "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
    ))
      await admin.execute(`GRANT INSERT ON ${admin.name}.\`${name}\` TO 'live'@'localhost'`);
    const url = new URL(server.url);
    url.username = 'live';
    url.password = 'geheim';
    live = await startServiceOn({ url: url.href, database: admin, drop: () => admin.close() });
  }, 60_000);
  afterAll(async () => {
    await live.close();
    await server.remove();
  });

  const ready = async () => {
    const response = await fetch(`${live.url}/ready`);
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    return { status: response.status, ...checks };
  };

  it.each([
    ['SET GLOBAL read_only = 1', 'SET GLOBAL read_only = 0', 1290],
    [
      "REVOKE INSERT ON codecraft.log_key FROM 'live'@'localhost'",
      "GRANT INSERT ON codecraft.log_key TO 'live'@'localhost'",
      1142,
    ],
    ['RENAME TABLE activity_log TO activity_log_old', 'RENAME TABLE activity_log_old TO activity_log', 1146],
  ])('after %s names the reason, without any publisher, and recovers', async (fault, repair, errno) => {
    await expect.poll(ready, TIMEOUT).toMatchObject({ status: 200, publishing: 'ok' });
    await admin.execute(fault);
    await expect.poll(ready, TIMEOUT).toMatchObject({
      status: 503,
      database: 'ok',
      follower: 'ok',
      publishing: `the database cannot store (error ${errno})`,
    });
    await admin.execute(repair);
    await expect.poll(ready, TIMEOUT).toMatchObject({ status: 200 });
  });

  it('says so while the head of the log is locked', async () => {
    const holder = await admin.connect({ statementTimeoutMs: 0 });
    onTestFinished(() => holder.destroy());
    await holder.query(
      'SET SESSION idle_write_transaction_timeout = 0, SESSION idle_transaction_timeout = 0',
    );
    await holder.query('START TRANSACTION');
    await holder.query('SELECT head FROM log_head WHERE id = 1 FOR UPDATE');
    await expect.poll(ready, TIMEOUT).toMatchObject({ status: 503, publishing: 'no answer in time' });
    await holder.query('ROLLBACK');
    await expect.poll(ready, TIMEOUT).toMatchObject({ status: 200 });
  });

  it('leaves nothing in the log', async () => {
    await expect.poll(ready, TIMEOUT).toMatchObject({ status: 200 });
    const state = () =>
      admin.query(
        "SELECT head, (SELECT COUNT(*) FROM notification WHERE id = 0) AS probes, (SELECT COUNT(*) FROM activity_log) AS activity, (SELECT COUNT(*) FROM log_key WHERE idempotency_key = 'probe') AS rest FROM log_head",
      );
    expect(await state()).toMatchObject([{ probes: 0, activity: 0, rest: 0 }]);
    expect((await live.publish(note(1, 'after'))).status).toBe(201);
  });

  it('is 503 when the follower has not read the log for seconds, and when the last append failed', async () => {
    const fine: Vitals = {
      version: '1',
      nodeId: 'n',
      startedAt: new Date(),
      streams: () => 0,
      follower: () => ({ connected: true, position: 1, epoch: 'a', lag: 0 }),
      followerSilentMs: () => 100,
      appends: () => undefined,
      draining: () => false,
      pingDatabase: async () => {},
      probeWrite: async () => {},
      warnings: () => [],
    };
    const ask = async (vitals: Partial<Vitals>) => {
      const response = await healthRoutes({ ...fine, ...vitals }).request('/ready');
      return { status: response.status, ...((await response.json()) as { checks: object }).checks };
    };
    expect(await ask({})).toMatchObject({ status: 200 });
    expect(await ask({ followerSilentMs: () => 7_000 })).toMatchObject({
      status: 503,
      follower: 'has not read the log for 7 s',
    });
    expect(await ask({ appends: () => 'failing' })).toMatchObject({
      status: 503,
      publishing: 'the last append failed',
    });
  });
});
