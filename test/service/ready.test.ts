import { describe, expect, it, onTestFinished } from 'vitest';
import { healthRoutes, type Vitals } from '../../src/http/health.ts';
import { note } from '../support/service.ts';
import { accountWithRightsPerTable, prepareServer } from '../support/service-on-server.ts';

describe('GET /ready', () => {
  const own = prepareServer(accountWithRightsPerTable);

  const ready = async () => {
    const response = await fetch(`${own.live.url}/ready`);
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
    await expect.poll(ready).toMatchObject({ status: 200, publishing: 'ok' });
    await own.admin.execute(fault);
    await expect.poll(ready).toMatchObject({
      status: 503,
      database: 'ok',
      follower: 'ok',
      publishing: `the database cannot store (error ${errno})`,
    });
    await own.admin.execute(repair);
    await expect.poll(ready).toMatchObject({ status: 200 });
  });

  it('reports that the head of the log is locked', async () => {
    const holder = await own.admin.connect({ statementTimeoutMs: 0 });
    onTestFinished(() => holder.destroy());
    await holder.query(
      'SET SESSION idle_write_transaction_timeout = 0, SESSION idle_transaction_timeout = 0, SESSION idle_readonly_transaction_timeout = 0',
    );
    await holder.query('START TRANSACTION');
    await holder.query('SELECT head FROM log_head WHERE id = 1 FOR UPDATE');
    await expect.poll(ready).toMatchObject({ status: 503, publishing: 'no answer in time' });
    await holder.query('ROLLBACK');
    await expect.poll(ready).toMatchObject({ status: 200 });
  });

  it('leaves nothing in the log', async () => {
    await expect.poll(ready).toMatchObject({ status: 200 });
    const state = () =>
      own.admin.query(
        "SELECT head, (SELECT COUNT(*) FROM notification WHERE id = 0) AS probes, (SELECT COUNT(*) FROM activity_log) AS activity, (SELECT COUNT(*) FROM log_key WHERE idempotency_key = 'probe') AS rest FROM log_head",
      );
    expect(await state()).toMatchObject([{ probes: 0, activity: 0, rest: 0 }]);
    expect((await own.live.publish(note(1, 'after'))).status).toBe(201);
  });

  it('is 503 when the follower has not read the log for seconds, and when the last append failed', async () => {
    const fine: Vitals = {
      version: '1',
      nodeId: 'n',
      uptimeS: () => 1,
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
