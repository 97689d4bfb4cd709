import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { expectGapless } from '../support/database/log.ts';
import { outboxRows, publishSql, titlesIn } from '../support/database/outbox.ts';
import { environment } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

describe('Two services, of which the one that relays is killed with -9 again and again', () => {
  const test = prepareDatabase();
  const services: ServiceProcess[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 2; i++) services.push(await startServiceProcess(environment(test.url)));
  });
  afterAll(() => Promise.all(services.map((service) => service.kill())));

  it('publish each of 1,000 events of SQL once and in order', { timeout: 90_000 }, async () => {
    const { database } = test;
    const titles: string[] = [];
    const published = async () =>
      (
        await database.query<{ count: number }>(
          "SELECT COUNT(*) AS count FROM notification WHERE scope = 'global'",
        )
      )[0]?.count ?? 0;
    for (let round = 0; titles.length < 1_000; round++) {
      const goal = titles.length + 120;
      const writing = (async () => {
        for (let i = 0; i < 50 && titles.length < 1_000; i++)
          await database.transaction(async (tx) => {
            for (let row = 0; row < 5; row++) {
              titles.push(`${titles.length}`);
              await publishSql(tx, titles.at(-1) as string);
            }
          });
      })();
      // Both in turn, in the midst of it: one of them is the leader.
      const victim = services[round % 2] as ServiceProcess;
      await until(async () => (await published()) >= goal, 30_000);
      await victim.kill();
      await writing;
      await victim.start();
    }
    await until(async () => (await outboxRows(database)).length === 0, 30_000);
    expect(await titlesIn(database)).toEqual(titles);
    await expectGapless(database);
  });
});
