import { describe, expect, test } from 'vitest';
import type { Queries } from '../../../src/db/database.ts';
import type { OutboxHandlers } from '../../../src/events/outbox/relay.ts';
import { Problem } from '../../../src/protocol/problem.ts';
import { insertRow, outboxRows, publishSql, relayed, titlesIn } from '../../support/database/outbox.ts';
import { until } from '../../support/until.ts';
import { prepareOutbox } from './fixture.ts';

const outbox = prepareOutbox();

type Announce = NonNullable<OutboxHandlers['CONTEST_STATUS']>;

describe('A notice', () => {
  test('of dirty contests is handed on and not published', async () => {
    const dirty: unknown[] = [];
    await outbox.database.transaction(async (tx) => {
      await publishSql(tx, 'a');
      for (const playerId of [7, 7, 8]) await insertRow(tx, 'STANDINGS_TOUCHED', { contestId: 3, playerId });
      await insertRow(tx, 'STANDINGS_TOUCHED', { contestId: 4 });
    });
    outbox.relaying({ onDirtyContest: (...args) => dirty.push(args) });
    await relayed(outbox.database);
    await until(() => dirty.length >= 3);
    expect(dirty).toEqual([
      [3, 7],
      [3, 8],
      [4, undefined],
    ]);
    await insertRow(outbox.database, 'STANDINGS_TOUCHED', { contestId: 5 });
    await relayed(outbox.database);
    await until(() => dirty.length === 4);
    expect(await titlesIn(outbox.database)).toEqual(['a']);
  });

  test('is not lost when what it is handed to fails on one of them', async () => {
    const dirty: number[] = [];
    const { errors } = outbox.relaying({
      onDirtyContest: (contestId) => {
        if (contestId === 3) throw new Error('no');
        dirty.push(contestId);
      },
    });
    for (const contestId of [3, 4]) await insertRow(outbox.database, 'STANDINGS_TOUCHED', { contestId });
    await until(() => dirty.length === 1);
    expect(errors).toMatchObject([{ message: 'no' }]);
  });

  test('of withdrawn rights becomes one event of all that are relayed together, and no other', async () => {
    await outbox.database.transaction(async (tx) => {
      await insertRow(tx, 'ACCESS_TOUCHED', { userId: 7 });
      await insertRow(tx, 'ACCESS_TOUCHED', { userId: 7, contestId: null });
      await insertRow(tx, 'ACCESS_TOUCHED', { contestId: 3 });
      await insertRow(tx, 'ACCESS_TOUCHED', { userId: 8 });
    });
    outbox.relaying();
    await relayed(outbox.database);
    const rows = await outbox.database.query<{ scope: string; data: string }>(
      "SELECT scope, data FROM notification WHERE type = 'ACCESS_CHANGED'",
    );
    expect(rows.map(({ scope, data }) => [scope, JSON.parse(data)])).toEqual([
      ['ops', { userIds: [7, 8], contestIds: [3] }],
    ]);
  });

  test('of receipts reaches each player’s streams in the order of what was done', async () => {
    const reported: [number, string, readonly number[]][] = [];
    const rows: [number, string, number][] = [
      [7, 'read', 1],
      [7, 'read', 2],
      [8, 'seen', 1],
      [7, 'unread', 1],
      [7, 'read', 1],
    ];
    await outbox.database.transaction(async (tx: Queries) => {
      for (const [playerId, action, id] of rows)
        await insertRow(tx, 'RECEIPTS_TOUCHED', { playerId, action, id });
    });
    const { errors } = outbox.relaying({
      onReceipts: async (...args) => {
        reported.push(args);
        if (args[0] === 8) throw new Error('away');
      },
    });
    await until(() => reported.length === 4);
    expect(reported.filter(([playerId]) => playerId === 7)).toEqual([
      [7, 'read', [1, 2]],
      [7, 'unread', [1]],
      [7, 'read', [1]],
    ]);
    await relayed(outbox.database);
    expect(errors).toMatchObject([{ message: 'away' }]);
    expect(await outboxRows(outbox.database)).toEqual([]);
  });
});

describe('A type with a way of its own', () => {
  const status = (contestId: number) => ({ contestId, newStatus: 'LIVE' });

  test('is published by its handler, in its turn, and its row goes with that', async () => {
    const publisher = outbox.publishing();
    const order: string[] = [];
    const announce: Announce = async ({ contestId }, deletion) => {
      order.push(...(await titlesIn(outbox.database)));
      if (contestId === 4) return false;
      await publisher.publishUnits([{ drafts: [], preconditions: [deletion] }]);
      return true;
    };
    outbox.relaying({ handlers: { CONTEST_STATUS: announce } });
    await outbox.database.transaction(async (tx) => {
      await publishSql(tx, 'before');
      await insertRow(tx, 'CONTEST_STATUS', status(3));
      await insertRow(tx, 'CONTEST_STATUS', status(4));
      await publishSql(tx, 'after');
    });
    await relayed(outbox.database);
    expect(order).toEqual(['before', 'before']);
    expect(await titlesIn(outbox.database)).toEqual(['before', 'after']);
    expect(await outboxRows(outbox.database)).toEqual([]);
  });

  test('that its handler refuses or fails on becomes a dead letter; one that the database failed is tried again', async () => {
    let failures = 2;
    const done: number[] = [];
    const announce: Announce = async ({ contestId }) => {
      if (contestId === 1) throw new Problem('not-found', { detail: 'there is no such contest' });
      if (contestId === 2) throw new TypeError('a fault');
      if (failures-- > 0) throw new Problem('database-unavailable');
      done.push(contestId);
      return false;
    };
    const { errors } = outbox.relaying({ handlers: { CONTEST_STATUS: announce } });
    for (const contestId of [1, 2, 3]) await insertRow(outbox.database, 'CONTEST_STATUS', status(contestId));
    await relayed(outbox.database);
    expect(await outboxRows(outbox.database)).toMatchObject([
      { error: 'It was refused: there is no such contest.' },
      { error: 'The service failed on it; its own log says why.' },
    ]);
    expect(done).toEqual([3]);
    expect(errors.map(String)).toEqual(['TypeError: a fault', expect.any(String), expect.any(String)]);
  });
});
