import { expect, onTestFinished, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { runDemo } from '../../src/demo/run.ts';
import { seedDemo } from '../../src/demo/seed.ts';
import type { LogPublisher } from '../../src/events/log-publisher.ts';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import type { NewEvent } from '../../src/protocol/event.ts';
import { Problem } from '../../src/protocol/problem.ts';
import { openLogPipeline } from '../../src/service/log-pipeline.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';
import { takeOutbox } from '../support/database/platform-session.ts';

interface Stage {
  readonly url: string;
  readonly database: Database;
  readonly publisher: LogPublisher;
  readonly published: NewEvent[][];
  /** Runs the demo until it has published `turns` times. */
  play(
    turns: number,
    options?: { random?: () => number; publisher?: Pick<LogPublisher, 'publish'> },
  ): Promise<void>;
}

async function stage(): Promise<Stage> {
  const { url, database, drop } = await createTestDatabase();
  onTestFinished(drop);
  await seedDemo(database);
  const { publisher, close } = await openLogPipeline({
    database,
    ring: { frames: 1000, bytes: 1e7 },
    now: Date.now,
    onError: () => {},
  });
  onTestFinished(close);
  const published: NewEvent[][] = [];
  return {
    url,
    database,
    publisher,
    published,
    async play(turns, { random = sequence(), publisher: to = publisher } = {}) {
      const ending = new AbortController();
      const until = published.length + turns;
      const publish: LogPublisher['publish'] = async (events, options) => {
        const answer = await to.publish(events, options);
        published.push([...(events as NewEvent[])]);
        if (published.length >= until) ending.abort();
        return answer;
      };
      const { signal } = ending;
      await runDemo({ database, publisher: { publish }, intervalMs: 1, signal, random });
    },
  };
}

/** Park and Miller's pseudo-random numbers, the same in each run. */
function sequence(seed = 42): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const typesOf = (turns: readonly NewEvent[][]) => turns.map((events) => events[0]?.type);

test('publishes achievements, level-ups and solved problems in turn, and an announcement now and then', async () => {
  const { play, published } = await stage();
  await play(19);
  const round = ['ACHIEVEMENT', 'LEVEL_UP', 'PROBLEM_SOLVED'];
  const rounds = [...round, ...round, ...round, ...round, ...round];
  expect(typesOf(published)).toEqual([...rounds, 'ANNOUNCEMENT', ...round]);
});

test('has a player overtake another in each round, and reports the contest whose scores changed', async () => {
  const { database } = await stage();
  const order = async () =>
    (
      await database.query<{ id: number }>(
        'SELECT player_id AS id FROM v_contest_leaderboard WHERE contest_id = 3 ORDER BY live_rank, player_id',
      )
    ).map(({ id }) => id);
  const ending = new AbortController();
  const orders: number[][] = [await order()];
  const onScores = vi.fn();
  let steps = 0;
  await runDemo({
    database: {
      ...database,
      async transaction(run) {
        const events = await database.transaction(run);
        orders.push(await order());
        if (++steps === 3) ending.abort();
        return events;
      },
    },
    publisher: { publish: async () => [] },
    intervalMs: 1,
    signal: ending.signal,
    onScores,
    random: sequence(),
  });
  expect(orders[2]).toEqual(orders[0]);
  expect(orders[3]).not.toEqual(orders[0]);
  expect(onScores.mock.calls).toEqual([[3], [3], [3]]);
});

test('publishes what it has written to the tables', async () => {
  const { database, play, published } = await stage();
  await play(40);
  const levels = new Map<number, number>();
  for (const event of published.flat()) {
    if (event.type === 'LEVEL_UP') {
      expect(event.data.oldLevel).toBe(levels.get(event.data.playerId) ?? event.data.oldLevel);
      expect(event.data.newLevel).toBeGreaterThan(event.data.oldLevel);
      levels.set(event.data.playerId, event.data.newLevel);
    }
  }
  const players = await database.query<{ id: number; level: number }>('SELECT id, level FROM player');
  for (const { id, level } of players) expect(levels.get(id) ?? level).toBe(level);
  const wrong = await database.query(
    `SELECT p.id FROM player p JOIN level_config l ON l.level = p.level
     WHERE p.tier <> l.tier OR p.sub_rank <> l.sub_rank OR p.xp < l.xp_required`,
  );
  expect(wrong).toEqual([]);
});

test('has no player solve a problem twice in one round', async () => {
  const { play, published } = await stage();
  await play(48);
  const solved = new Set<string>();
  for (const event of published.flat()) {
    if (event.type === 'ANNOUNCEMENT' && event.data.title === 'The next round') solved.clear();
    if (event.type !== 'PROBLEM_SOLVED') continue;
    const key = `${event.data.playerId}/${event.data.problemId}`;
    expect(solved).not.toContain(key);
    solved.add(key);
  }
});

test('publishes the tier with the level that reaches it', async () => {
  const { database, play, published } = await stage();
  // One level below Silver, all of them.
  await database.execute("UPDATE player SET xp = 6300, level = 10, tier = 'BRONZE', sub_rank = 'Bronze V'");
  await play(2);
  expect(published[1]?.map(({ type }) => type)).toEqual(['LEVEL_UP', 'TIER_UPGRADE']);
  expect(published[1]?.[1]?.data).toMatchObject({
    oldTier: 'BRONZE',
    newTier: 'SILVER',
    subRank: 'Silver I',
  });
});

test('leaves levels and tiers to the triggers where they are installed', async () => {
  const { database, play, published } = await stage();
  await installTriggers(database);
  await play(8);
  const types = ['LEVEL_UP', 'TIER_UPGRADE'];
  expect(published.flat().filter(({ type }) => types.includes(type))).toEqual([]);
  expect((await takeOutbox(database)).filter(({ type }) => type === 'LEVEL_UP').length).toBeGreaterThan(2);
});

test('begins a new season when all players have reached the last level', async () => {
  const { database, play, published } = await stage();
  await database.execute("UPDATE player SET xp = 80000, level = 30, tier = 'GOLD', sub_rank = 'Gold V'");
  await play(2);
  expect(published[1]?.map(({ type }) => type)).toEqual(['ANNOUNCEMENT', 'LEVEL_UP']);
});

test('begins the next round when all players have solved all problems', async () => {
  const { database, play, published } = await stage();
  await database.execute('UPDATE contest_participant SET problems_solved = 6 WHERE contest_id = 3');
  await play(3);
  expect(published[2]).toMatchObject([
    { type: 'ANNOUNCEMENT', data: { contestId: 3, title: 'The next round' } },
  ]);
  await play(3);
  expect(typesOf(published)[5]).toBe('PROBLEM_SOLVED');
});

test('publishes once, after an outage, what it could not publish during it', async () => {
  const { publisher, play, published } = await stage();
  const tried: unknown[] = [];
  let failures = 3;
  const flaky: Pick<LogPublisher, 'publish'> = {
    async publish(events, options) {
      tried.push([events, options]);
      if (failures-- > 0) throw new Problem('database-unavailable');
      return publisher.publish(events, options);
    },
  };
  await play(2, { publisher: flaky });
  expect(tried).toHaveLength(5);
  expect(tried[1]).toEqual(tried[0]);
  expect(tried[3]).toEqual(tried[0]);
  expect(typesOf(published)).toEqual(['ACHIEVEMENT', 'LEVEL_UP']);
});

test('reports an outage once, and continues after it', async () => {
  const { url, publisher } = await stage();
  const proxy = await startDatabaseProxy(url);
  const database = openDatabase({ url: proxy.url, acquireTimeoutMs: 200 });
  onTestFinished(async () => {
    await database.close();
    await proxy.close();
  });
  const ending = new AbortController();
  const log = vi.fn();
  const onError = vi.fn();
  const publish = vi.fn(publisher.publish);
  const running = runDemo({
    database,
    publisher: { publish },
    intervalMs: 1,
    signal: ending.signal,
    log,
    onError,
  });
  await vi.waitFor(() => expect(publish.mock.calls.length).toBeGreaterThan(3));
  await proxy.cut();
  await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(1));
  const before = publish.mock.calls.length;
  await proxy.restore();
  await vi.waitFor(() => expect(publish.mock.calls.length).toBeGreaterThan(before + 3));
  ending.abort();
  await running;
  expect(onError).toHaveBeenCalledTimes(1);
  expect(log.mock.calls).toEqual([['the demo goes on']]);
});

test('logs that there is no demo data, and ends', async () => {
  const { database, drop } = await createTestDatabase();
  onTestFinished(drop);
  const log = vi.fn();
  const publish = vi.fn();
  await runDemo({
    database,
    publisher: { publish },
    intervalMs: 1,
    signal: new AbortController().signal,
    log,
  });
  expect(log.mock.calls).toEqual([['there is no demo data in this database: no demo events']]);
  expect(publish).not.toHaveBeenCalled();
});
