import { describe, expect, test } from 'vitest';
import { wholeLog } from '../../support/database/log.ts';
import { insertRow, outboxRows, publishSql, relayed, titlesIn } from '../../support/database/outbox.ts';
import { createContest } from '../../support/database/platform.ts';
import { prepareOutbox } from './fixture.ts';

const outbox = prepareOutbox();

const joinOf = (contestId: number, playerId: number, more = {}) => ({
  contestId,
  players: [{ playerId, ...more }],
});
const joinKey = (contestId: number, playerId: number) => `contest-joined:${contestId}:${playerId}`;
const eventsIn = async () =>
  (await wholeLog(outbox.database)).map(({ type, data }) => ({ type, data: JSON.parse(data) }));

describe('A key', () => {
  test('is published once, whether its repeat comes from SQL or over REST', async () => {
    await publishSql(outbox.database, 'a', 'one');
    await publishSql(outbox.database, 'a', 'one');
    outbox.relaying();
    await relayed(outbox.database);
    await publishSql(outbox.database, 'a', 'one');
    await outbox.publish({ type: 'ANNOUNCEMENT', data: { title: 'a', message: 'm' }, idempotencyKey: 'one' });
    await outbox.publish({ type: 'ANNOUNCEMENT', data: { title: 'b', message: 'm' }, idempotencyKey: 'two' });
    await publishSql(outbox.database, 'b', 'two');
    await relayed(outbox.database);
    expect(await titlesIn(outbox.database)).toEqual(['a', 'b']);
    expect(await outboxRows(outbox.database)).toEqual([]);
  });

  test('that was used for something else makes its row a dead letter, and nothing else', async () => {
    await publishSql(outbox.database, 'a', 'one');
    await publishSql(outbox.database, 'b', 'one');
    await publishSql(outbox.database, 'c', 'one');
    await publishSql(outbox.database, 'd');
    outbox.relaying();
    await relayed(outbox.database);
    expect(await titlesIn(outbox.database)).toEqual(['a', 'd']);
    expect(await outboxRows(outbox.database)).toMatchObject([
      { failed: 1, error: 'The idempotency_key one was used for another event.' },
      { failed: 1 },
    ]);
  });

  test('that names what happened makes any report of it the same', async () => {
    outbox.relaying();
    const solved = { playerId: 7, problemId: 5, contestId: 3 };
    const key = 'problem-solved:7:5:3';
    await insertRow(outbox.database, 'PROBLEM_SOLVED', { ...solved, playerName: 'Ada' }, key);
    await relayed(outbox.database);
    await insertRow(outbox.database, 'PROBLEM_SOLVED', { ...solved, points: 100 }, key);
    await outbox.publish({ type: 'PROBLEM_SOLVED', data: solved, idempotencyKey: key });
    await relayed(outbox.database);
    expect((await wholeLog(outbox.database)).filter(({ scope }) => scope === 'player:7')).toHaveLength(1);
    expect(await outboxRows(outbox.database)).toEqual([]);
  });

  test('is found to be used also when that happens between its check and the append', async () => {
    let meddle = true;
    const publisher = outbox.publishing();
    outbox.relaying({
      publisher: {
        async publishUnits(units) {
          if (meddle) {
            meddle = false;
            await outbox.publish({
              type: 'ANNOUNCEMENT',
              data: { title: 'a', message: 'm' },
              idempotencyKey: 'one',
            });
            await outbox.publish({
              type: 'ANNOUNCEMENT',
              data: { title: 'x', message: 'm' },
              idempotencyKey: 'two',
            });
            await outbox.publish({
              type: 'CONTEST_JOINED',
              data: joinOf(3, 1),
              idempotencyKey: joinKey(3, 1),
            });
          }
          return publisher.publishUnits(units);
        },
      },
    });
    await outbox.database.transaction(async (tx) => {
      await publishSql(tx, 'a', 'one');
      await publishSql(tx, 'b', 'two');
      await publishSql(tx, 'c');
      for (const playerId of [1, 2])
        await insertRow(tx, 'CONTEST_JOINED', joinOf(3, playerId), joinKey(3, playerId));
    });
    await relayed(outbox.database);
    expect((await eventsIn()).map(({ data }) => data.title ?? data.players)).toEqual([
      'a',
      'x',
      [{ playerId: 1 }],
      'c',
      [{ playerId: 2 }],
    ]);
    expect(await outboxRows(outbox.database)).toMatchObject([
      { failed: 1, error: expect.stringContaining('two') },
    ]);
  });
});

describe('A rush of joins', () => {
  test('is one event for many players, and each join stays one that happened', async () => {
    const contestId = await createContest(outbox.database);
    await outbox.database.transaction(async (tx) => {
      for (let playerId = 1; playerId <= 150; playerId++)
        await insertRow(tx, 'CONTEST_JOINED', joinOf(contestId, playerId), joinKey(contestId, playerId));
    });
    await outbox.publish({
      type: 'CONTEST_JOINED',
      data: joinOf(contestId, 20, { playerName: 'Ada' }),
      idempotencyKey: joinKey(contestId, 20),
    });
    outbox.relaying();
    await relayed(outbox.database);
    await outbox.publish({
      type: 'CONTEST_JOINED',
      data: joinOf(contestId, 130, { playerName: 'Bob' }),
      idempotencyKey: joinKey(contestId, 130),
    });
    const published = (await eventsIn()).map(({ data }) =>
      data.players.map(({ playerId }: { playerId: number }) => playerId),
    );
    expect(published.map(({ length }) => length)).toEqual([1, 100, 49]);
    expect(published.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
    const activity = await outbox.database.query('SELECT player_id FROM activity_log');
    expect(activity).toHaveLength(150);
  });
});
