import { createPublisher } from 'codecraft-live/publisher';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { publisherTo, titlesOf } from '../publisher/fixture.ts';
import { publishSql } from '../support/database/outbox.ts';
import { createPlayer } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';
import { accountWithRightsPerTable, prepareServer } from '../support/service-on-server.ts';

/** What a publisher over REST is answered with while the database cannot store. */
async function expectRefusal(response: Response): Promise<void> {
  expect(await response.json()).toMatchObject({ status: 503, code: 'storage-unavailable' });
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
}

/** As a publisher posts, but at once again, whenever the service asks it to come back. */
const impatient: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const headers = new Headers(response.headers);
  headers.delete('retry-after');
  return new Response(await response.text(), { status: response.status, headers });
};

describe('While the database answers an append with an error of storage', () => {
  const live = prepareService();
  beforeAll(async () => {
    // Titles `errno:message` fail with that error.
    await live.test.database.execute(
      `CREATE TRIGGER test_refuse BEFORE INSERT ON notification FOR EACH ROW
       BEGIN
         DECLARE number INT DEFAULT SUBSTRING_INDEX(NEW.title, ':', 1);
         DECLARE said VARCHAR(128) DEFAULT SUBSTRING_INDEX(NEW.title, ':', -1);
         IF NEW.title REGEXP '^[0-9]+:' THEN
           SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = number, MESSAGE_TEXT = said;
         END IF;
       END`,
    );
  });

  it.each([
    [1021, 'Disk full'],
    [1114, 'The table is full'],
    [28, 'No space left on device'],
    [1290, 'The server is running with --read-only'],
    [1792, 'Cannot execute statement in a READ ONLY transaction'],
    [1836, 'Running in read-only mode'],
    [1142, 'INSERT command denied to user'],
    [1227, 'Access denied; you need SUPER'],
    [1044, 'Access denied for user to database'],
    [1045, 'Access denied for user'],
    [1146, 'Table does not exist'],
    [1030, 'Got error 28 from storage engine'],
    [1036, 'Table is read only'],
    [1041, 'Out of memory'],
    [1105, 'Some engine has no space left on device'],
    [1105, 'Some engine is read only now'],
    [1105, 'Some proxy says permission denied'],
  ])('%i (%s) is a 503 problem with a time to try again', async (errno, message) => {
    await expectRefusal(await live.publish(note(1, `${errno}:${message}`)));
  });

  it('for two minutes, a publisher of the library drops nothing, and comes again as seldom as it is asked to', async () => {
    const refusals = await Promise.all(
      [1021, 1114, 1290, 1142, 1036].map(async (errno) => {
        const response = await live.publish(note(1, `${errno}:refused`));
        const { status, headers } = response;
        return { body: await response.text(), init: { status, headers: [...headers] as [string, string][] } };
      }),
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const begunAt = performance.now();
    const published: string[] = [];
    const refusedAt: number[] = [];
    const wire: typeof fetch = async (_, init) => {
      const events = JSON.parse(String(init?.body)) as { readonly data: { readonly title: string } }[];
      const at = performance.now() - begunAt;
      const refusal = refusals[refusedAt.length % refusals.length];
      if (at < 120_000 && refusal) {
        refusedAt.push(at);
        return new Response(refusal.body, refusal.init);
      }
      published.push(...events.map(({ data }) => data.title));
      return Response.json({ events: events.map((_, index) => ({ eventId: index + 1 })) });
    };
    const dropped: unknown[] = [];
    const { url, serviceToken: token } = live;
    const publisher = createPublisher({
      url,
      token,
      fetch: wire,
      onError: (error) => dropped.push(error),
      onRetry: () => {},
    });
    // Alone for a minute, then with others.
    const titles = ['first', ...Array.from({ length: 13 }, (_, number) => `n${number}`)];
    for (const title of titles) {
      publisher.publish({ type: 'ANNOUNCEMENT', data: { title, message: 'm', playerId: 1 } });
      await vi.advanceTimersByTimeAsync(title === 'first' ? 60_000 : 5_000);
    }
    const flushed = publisher.flush();
    await vi.advanceTimersByTimeAsync(60_000);
    await flushed;
    await publisher.close();
    expect(dropped).toEqual([]);
    expect(published).toEqual(titles);
    expect(refusedAt.at(-1)).toBeGreaterThan(60_000);
    const waits = refusedAt.slice(1).map((at, index) => at - (refusedAt[index] as number));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
  });

  it('an error that the event causes stays its own', async () => {
    expect((await live.publish(note(1, '1105:unknown'))).status).toBe(500);
  });
});

describe('While the database is read-only, lacks a right or a table', () => {
  const own = prepareServer(accountWithRightsPerTable);

  it.each([
    ['SET GLOBAL read_only = 1', 'SET GLOBAL read_only = 0'],
    [
      "REVOKE INSERT ON codecraft.notification FROM 'live'@'localhost'",
      "GRANT INSERT ON codecraft.notification TO 'live'@'localhost'",
    ],
    ['RENAME TABLE notification TO notification_old', 'RENAME TABLE notification_old TO notification'],
    [
      'ALTER TABLE notification RENAME COLUMN title TO heading',
      'ALTER TABLE notification RENAME COLUMN heading TO title',
    ],
  ])(
    '%s: callers get 503, publishers and the relay wait, and nothing is lost',
    { timeout: 60_000 },
    async (fault, repair) => {
      const { playerId } = await createPlayer(own.admin);
      const { publisher, dropped } = publisherTo(own.live, { fetch: impatient, onRetry: () => retries++ });
      onTestFinished(() => publisher.close());
      let retries = 0;
      await own.admin.execute(fault);
      await publishSql(own.admin, `sql ${fault}`);
      publisher.publish({ type: 'ANNOUNCEMENT', data: { title: 'library', message: 'm', playerId } });
      const keyed = { ...note(playerId, 'rest'), idempotencyKey: `rest:${playerId}` };
      await expect.poll(() => retries).toBeGreaterThan(12);
      await expectRefusal(await own.live.publish(keyed));

      await own.admin.execute(repair);
      await expect.poll(async () => (await own.live.publish(keyed)).status).toBeLessThan(300);
      await publisher.flush();
      expect(dropped).toEqual([]);
      expect((await titlesOf(own.live, playerId)).toSorted()).toEqual(['library', 'rest']);
      await expect.poll(() => own.admin.query('SELECT id, failed_at FROM event_outbox')).toEqual([]);
      expect(
        await own.admin.query('SELECT COUNT(*) AS n FROM notification WHERE title = ?', [`sql ${fault}`]),
      ).toEqual([{ n: 1 }]);
    },
  );
});
