import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPublisher, type PublishError } from '../../src/publisher/index.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { wholeLog } from '../support/database/log.ts';
import { environment, SECRET, serviceTokenOf } from '../support/service.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { QUICK } from './fixture.ts';

describe('A publisher whose service is killed with -9 and started again', () => {
  const test = prepareDatabase();
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess(environment(test.url));
  });
  afterAll(() => service.kill());

  it('publishes each event once, in order, and learns the outcome of each', {
    timeout: 180_000,
  }, async () => {
    const dropped: PublishError[] = [];
    const publisher = createPublisher({
      url: service.url,
      token: await serviceTokenOf(SECRET),
      backoff: { ...QUICK, maxMs: 50 },
      onError: (error) => dropped.push(error),
      onRetry: () => {},
    });
    const handedIn: string[] = [];
    const confirmed: string[] = [];
    // What a controller does for each request: it publishes, and goes on.
    const request = () => {
      const title = `n${handedIn.length}`;
      handedIn.push(title);
      void publisher.announcement({ title, message: 'm' }).confirmed.then(() => confirmed.push(title));
    };
    for (let round = 0; round < 3; round++) {
      const goal = confirmed.length + 100;
      await expect
        .poll(
          () => {
            request();
            return confirmed.length;
          },
          { interval: 1, timeout: 60_000 },
        )
        .toBeGreaterThan(goal);
      await service.kill();
      for (let i = 0; i < 50; i++) request();
      await service.start();
    }
    await publisher.close({ timeoutMs: 30_000 });
    expect(dropped).toEqual([]);
    expect(confirmed).toEqual(handedIn);
    const log = await wholeLog(test.database);
    expect(
      log
        .filter(({ scope, type }) => scope === 'global' && type === 'ANNOUNCEMENT')
        .map(({ title }) => title),
    ).toEqual(handedIn);
  });
});
