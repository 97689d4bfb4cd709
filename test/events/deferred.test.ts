import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { publishDeferred, publishReleased } from '../../src/events/deferred.ts';
import type { EventUnit } from '../../src/events/draft.ts';
import { createLogPublisher } from '../../src/events/log-publisher.ts';
import { readRestrictions } from '../../src/platform/restrictions.ts';
import { Problem } from '../../src/protocol/problem.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openAppender } from '../support/database/log.ts';
import { createContest, setFrozen } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';

const made = prepareDatabase();
beforeEach(() => made.database.execute('DELETE FROM deferred_event'));

/** Stores solves of a contest that go to its scope when the freeze is over. */
async function defer(contestId: number, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, number) => [
    contestId,
    'PROBLEM_SOLVED',
    JSON.stringify({ playerId: number + 1, problemId: 5, contestId }),
    JSON.stringify([`contest:${contestId}`]),
    new Date(),
  ]);
  await made.database.execute(
    'INSERT INTO deferred_event (contest_id, type, data, scopes, created_at) VALUES ?',
    [rows],
  );
}

/** A publisher that runs what units depend on, and keeps them. */
function collector() {
  const units: EventUnit[] = [];
  const publisher = {
    async publishUnits(some: readonly EventUnit[]) {
      units.push(...some);
      for (const { preconditions = [] } of some)
        for (const { sql } of preconditions) await made.database.execute(sql);
      return [];
    },
  };
  return { units, publisher };
}

test('what a freeze deferred is published once it is over, in order, whatever waits for other contests', async () => {
  const { database } = made;
  const [frozen, shown] = [await createContest(database, { frozen: true }), await createContest(database)];
  await defer(frozen, 300);
  await defer(shown, 450);
  const { units, publisher } = collector();
  expect(await publishDeferred({ database, publisher })).toBe(450);
  const drafts = units.flatMap((unit) => unit.drafts);
  expect(drafts.map(({ playerId }) => playerId)).toEqual(
    Array.from({ length: 450 }, (_, number) => number + 1),
  );
  for (const { rows } of drafts) expect(rows.map(({ scope }) => scope)).toEqual([`contest:${shown}`]);

  await setFrozen(database, frozen, false);
  expect(await publishDeferred({ database, publisher })).toBe(300);
  expect(await database.query('SELECT id FROM deferred_event')).toEqual([]);
});

test('what a contest no longer holds of its players is published, though it is still frozen', async () => {
  const { database } = made;
  const [over, recent] = [
    await createContest(database, { frozen: true, status: 'ENDED' }),
    await createContest(database, { frozen: true, status: 'ENDED' }),
  ];
  for (const [contestId, days] of [
    [over, 8],
    [recent, 6],
  ]) {
    await database.execute(
      'INSERT INTO contest_freeze (contest_id, freeze_no, frozen, frozen_at, `exact`) VALUES (?, 1, TRUE, UTC_TIMESTAMP(3), TRUE)',
      [contestId],
    );
    await database.execute(
      "INSERT INTO contest_announced (contest_id, status, announced_at) VALUES (?, 'OVER', UTC_TIMESTAMP(3) - INTERVAL ? DAY)",
      [contestId, days],
    );
    await database.execute(
      "INSERT INTO deferred_event (contest_id, type, data, scopes, created_at) VALUES (?, 'LEVEL_UP', ?, ?, UTC_TIMESTAMP(3))",
      [contestId, JSON.stringify({ playerId: contestId, oldLevel: 1, newLevel: 2 }), '["global"]'],
    );
  }
  await defer(over, 1);
  const { units, publisher } = collector();
  expect(await publishDeferred({ database, publisher })).toBe(0);
  expect(await publishReleased({ database, publisher })).toBe(1);
  expect(units.flatMap(({ drafts }) => drafts.map(({ type, playerId }) => [type, playerId]))).toEqual([
    ['LEVEL_UP', over],
  ]);
  expect(await publishReleased({ database, publisher })).toBe(0);
  expect(await publishReleased({ database, publisher, holdDays: 5 })).toBe(1);
});

test('a locked event of one contest does not keep those of another from being published', async () => {
  const { database, url } = made;
  const [held, free] = [await createContest(database), await createContest(database)];
  await defer(held, 1);
  await defer(free, 3);
  const appender = openAppender(database);
  onTestFinished(() => appender.close());
  const publisher = createLogPublisher({
    append: (units) => appender.append(units),
    restrictions: (about) => readRestrictions(database, about),
  });
  const unlock = await lockRows(url, `deferred_event WHERE contest_id = ${held}`);
  expect(await publishDeferred({ database, publisher })).toBe(3);
  await unlock();
  expect(await publishDeferred({ database, publisher })).toBe(1);
});

test('what only a later release understands stays until one of its nodes leads, and delays nothing', async () => {
  const { database } = made;
  const [first, second] = [await createContest(database), await createContest(database)];
  await defer(first, 1);
  await database.execute("UPDATE deferred_event SET type = 'OF_A_LATER_RELEASE'");
  await defer(first, 2);
  await defer(second, 3);
  const { publisher } = collector();
  expect(await publishDeferred({ database, publisher })).toBe(5);
  expect(await database.query('SELECT type FROM deferred_event')).toEqual([{ type: 'OF_A_LATER_RELEASE' }]);
});

test('a poll reads no more when more events wait', async () => {
  const contestId = await createContest(made.database, { frozen: true });
  const publisher = { publishUnits: () => Promise.reject(new Error('nothing is due')) };
  const readsOfPoll = () =>
    made.database.transaction(async (tx) => {
      const reads = async () => {
        const rows = await tx.query<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read%'");
        return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
      };
      const before = await reads();
      await publishDeferred({ database: tx, publisher });
      return (await reads()) - before;
    });
  await defer(contestId, 50);
  const few = await readsOfPoll();
  await defer(contestId, 5_000);
  expect(await readsOfPoll()).toBeLessThanOrEqual(few + 5);
});

test('an event that the database never takes stays and is reported once; the others are published in order', async () => {
  const { database } = made;
  const [first, second] = [await createContest(database), await createContest(database)];
  await defer(first, 7);
  await defer(second, 2);
  const { units, publisher } = collector();
  const isHuge = (drafts: EventUnit['drafts']) => drafts.some(({ playerId }) => playerId === 3);
  const small = {
    publishUnits: async (some: readonly EventUnit[]) => {
      if (some.some(({ drafts }) => drafts.length > 2 || isHuge(drafts))) throw new Problem('body-too-large');
      return publisher.publishUnits(some);
    },
  };
  const errors: unknown[] = [];
  const options = {
    database,
    publisher: small,
    tooLarge: new Set<number>(),
    onError: (error: unknown) => errors.push(error),
  };
  await publishDeferred(options);
  await publishDeferred(options);
  const published = units.flatMap(({ drafts }) => drafts.map(({ playerId }) => playerId));
  expect(published).toEqual([1, 2, 4, 5, 6, 7, 1, 2]);
  expect(errors).toEqual([
    expect.objectContaining({ message: expect.stringContaining('max_allowed_packet') }),
  ]);
  const [row] = await database.query<{ id: number; data: string }>('SELECT id, data FROM deferred_event');
  expect(JSON.parse(row?.data ?? '')).toMatchObject({ playerId: 3 });
  expect(options.tooLarge).toEqual(new Set([row?.id]));
});
