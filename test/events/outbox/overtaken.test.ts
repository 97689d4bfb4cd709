import { expect, test } from 'vitest';
import { Problem } from '../../../src/protocol/problem.ts';
import { wholeLog } from '../../support/database/log.ts';
import { insertRow, publishSql, relayed, titlesIn } from '../../support/database/outbox.ts';
import { until } from '../../support/until.ts';
import { prepareOutbox } from './fixture.ts';

const outbox = prepareOutbox();

test.each(['an append', 'a handler'])(
  'A relay that is overtaken in %s reads the outbox again instead of going on with its page',
  async (place) => {
    const publisher = outbox.publishing();
    const published: string[] = [];
    let overtaken = false;
    const overtake = (at: string) => {
      if (at !== place || overtaken) return;
      overtaken = true;
      throw new Problem('superseded');
    };
    const { errors } = outbox.relaying({
      publisher: {
        publishUnits: async (units) => {
          overtake('an append');
          published.push(...units.flatMap(({ drafts }) => drafts.map(({ rows }) => rows[0]?.title ?? '')));
          return publisher.publishUnits(units);
        },
      },
      // A type of its own splits the page into three appends.
      handlers: {
        ['CONTEST_STATUS' as const]: async () => {
          overtake('a handler');
          return published.push('status') === 0;
        },
      },
    });
    await outbox.database.transaction(async (tx) => {
      await publishSql(tx, 'before');
      await insertRow(tx, 'CONTEST_STATUS', { contestId: 3, newStatus: 'LIVE' });
      await publishSql(tx, 'after');
    });
    await relayed(outbox.database);
    expect(published).toEqual(['before', 'status', 'after']);
    expect(errors).toEqual([]);
  },
);

test('A digest does not count an event that another caller publishes at that moment', async () => {
  const publisher = outbox.publishing();
  const levelUp = (playerId: number) => ({ playerId, oldLevel: 1, newLevel: 2 });
  let appends = 0;
  const { errors } = outbox.relaying({
    publisher: {
      publishUnits: async (...args) => {
        // After the relay has read which keys are known.
        if (++appends === 1)
          await outbox.publish({ type: 'LEVEL_UP', data: levelUp(3), idempotencyKey: 'key-3' });
        return publisher.publishUnits(...args);
      },
    },
  });
  await outbox.database.transaction(async (tx) => {
    for (let playerId = 1; playerId <= 15; playerId++)
      await insertRow(tx, 'LEVEL_UP', levelUp(playerId), `key-${playerId}`);
  });
  await relayed(outbox.database);
  const rows = await wholeLog(outbox.database);
  const shown = rows.filter(({ scope }) => scope === 'global');
  expect(shown.map(({ type, data }) => [type, JSON.parse(data).count ?? 1])).toEqual([
    ['LEVEL_UP', 1],
    ['DIGEST', 14],
  ]);
  expect(rows.filter(({ scope }) => scope.startsWith('player:'))).toHaveLength(15);
  expect([errors, appends]).toEqual([[], 2]);
});

test('Notices are reported also when the answer to the COMMIT that deleted them is lost', async () => {
  const publisher = outbox.publishing();
  const dirty: number[] = [];
  let lost = false;
  const { errors } = outbox.relaying({
    publisher: {
      publishUnits: async (units) => {
        const answer = await publisher.publishUnits(units);
        if (lost) return answer;
        lost = true;
        throw new Problem('database-unavailable');
      },
    },
    onDirtyContest: (contestId) => dirty.push(contestId),
  });
  await outbox.database.transaction(async (tx) => {
    await publishSql(tx, 'event');
    await insertRow(tx, 'STANDINGS_TOUCHED', { contestId: 3, playerId: 7 });
  });
  await relayed(outbox.database);
  await until(() => errors.length > 0);
  expect(dirty).toEqual([3]);
  expect(await titlesIn(outbox.database)).toEqual(['event']);
});
