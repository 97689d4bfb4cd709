import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { publishSql } from '../support/database/outbox.ts';
import { environment } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

/** Two nodes with the default settings; the first is the leader, since it starts first. */
describe('A leader that is frozen', () => {
  const test = prepareDatabase();
  const nodes: ServiceProcess[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 2; i++) nodes.push(await startServiceProcess(environment(test.url)));
  }, 180_000);
  afterAll(() => Promise.all(nodes.map((node) => node.kill())));

  it('is replaced within seconds: what is published from SQL meanwhile waits no longer', {
    timeout: 180_000,
  }, async () => {
    const delays: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const leader = nodes[round % 2] as ServiceProcess;
      await write(`led ${round}`);
      await until(async () => (await delayOf(`led ${round}`)) !== undefined);
      leader.freeze();
      await write(`frozen ${round}`);
      await until(async () => (await delayOf(`frozen ${round}`)) !== undefined, 30_000);
      delays.push((await delayOf(`frozen ${round}`)) ?? 0);
      leader.resume();
      await until(async () => (await fetch(`${leader.url}/ready`)).status === 200, 30_000);
    }
    // By the database's clock, in s. A busy machine may add to some of them.
    expect(Math.min(...delays), delays.join()).toBeLessThanOrEqual(5);
    expect(Math.max(...delays), delays.join()).toBeLessThan(10);
  });

  /** By the database's clock, in ms since 1970. */
  const writtenAt = new Map<string, number>();
  async function write(title: string): Promise<void> {
    await publishSql(test.database, title);
    const [row] = await test.database.query<{ now: Date }>('SELECT UTC_TIMESTAMP(3) AS now');
    writtenAt.set(title, row?.now.getTime() ?? 0);
  }

  /** Time for which an event waited in the outbox, in s; undefined while it waits. */
  async function delayOf(title: string): Promise<number | undefined> {
    const [row] = await test.database.query<{ at: Date }>(
      "SELECT created_at AS at FROM notification WHERE JSON_VALUE(data, '$.title') = ?",
      [title],
    );
    const written = writtenAt.get(title);
    return row && written !== undefined ? (row.at.getTime() - written) / 1_000 : undefined;
  }
});
