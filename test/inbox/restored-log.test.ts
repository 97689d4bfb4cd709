import { expect, onTestFinished, test } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { backUpTables, LOG_TABLES } from '../support/database/table-backup.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const made = prepareDatabase();
const { database } = made;

/** A player with an inbox, and what it is compared with. */
async function prepare() {
  const { playerId, userId } = await createPlayer(database);
  return {
    async start(): Promise<TestService> {
      const live = await startServiceOn({ ...made, drop: async () => {} });
      onTestFinished(() => live.close());
      return live;
    },
    async publish(live: TestService, count: number, name: string): Promise<void> {
      const events = Array.from({ length: count }, (_, index) => note(playerId, `${name} ${index}`));
      expect((await live.publish(events)).status).toBe(201);
    },
    /** Compares counts, and unread and archived pages through the whole inbox, with the rows. */
    async expectRight(live: TestService): Promise<void> {
      const ask = async (path: string, init: RequestInit = {}) => {
        const headers = {
          authorization: `Bearer ${await live.token(userId)}`,
          'content-type': 'application/json',
        };
        return (await fetch(`${live.url}${path}`, { ...init, headers })).json() as Promise<
          Record<string, unknown>
        >;
      };
      const rows = await database.query<{ id: number }>(
        'SELECT id FROM notification WHERE inbox = 1 AND scope = ? ORDER BY id DESC',
        [`player:${playerId}`],
      );
      const total = rows.length;
      expect(await ask('/notifications/counts')).toMatchObject({ total, unread: total, unseen: total });
      const ids: number[] = [];
      for (let before: unknown = ''; before !== null; ) {
        const page = await ask(`/notifications?limit=100&unread=true${before && `&before=${before}`}`);
        ids.push(...(page.items as { id: number }[]).map(({ id }) => id));
        before = page.next;
      }
      expect(ids).toEqual(rows.map(({ id }) => id));
    },
    blocks: () => database.query<{ throughId: number }>('SELECT through_id AS throughId FROM inbox_block'),
  };
}

test('an inbox is counted right after rows of the log were restored alone under a running node', async () => {
  const { start, publish, expectRight, blocks } = await prepare();
  const live = await start();
  await publish(live, 600, 'kept');
  const restore = await backUpTables(database, ['notification']);
  await publish(live, 1_000, 'lost');
  await expectRight(live);
  expect((await blocks()).length).toBeGreaterThan(1);
  const [terms] = await database.query<{ count: number }>('SELECT COUNT(*) AS count FROM log_term');
  await restore();
  await until(async () => {
    const [now] = await database.query<{ count: number }>('SELECT COUNT(*) AS count FROM log_term');
    return Number(now?.count) > Number(terms?.count);
  });
  await expectRight(live);
  await publish(live, 1_000, 'new');
  await expectRight(live);
});

test('an inbox is counted right after the log was restored without it while no node runs, before and after it has regrown', async () => {
  const { start, publish, expectRight, blocks } = await prepare();
  const before = await start();
  await publish(before, 600, 'kept');
  const restore = await backUpTables(database, LOG_TABLES);
  await publish(before, 1_000, 'lost');
  await expectRight(before);
  expect((await blocks()).length).toBeGreaterThan(1);
  await before.close();
  await restore();
  const after = await start();
  await expectRight(after);
  await publish(after, 400, 'new');
  await expectRight(after);
  await publish(after, 1_000, 'newer');
  await expectRight(after);
});

test('an inbox is counted right while the head of the log is restored alone', async () => {
  const { start, publish, expectRight } = await prepare();
  const live = await start();
  await publish(live, 600, 'kept');
  const restore = await backUpTables(database, ['log_head']);
  await publish(live, 1_000, 'later');
  await live.close();
  await restore();
  const after = await start();
  await expectRight(after);
  await restore();
  await expectRight(after);
});
