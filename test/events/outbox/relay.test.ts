import { describe, expect, inject, test } from 'vitest';
import { readDeadLetters, retryDeadLetters } from '../../../src/events/outbox/dead-letters.ts';
import { PAGE_ROWS } from '../../../src/events/outbox/table.ts';
import { Problem } from '../../../src/protocol/problem.ts';
import { expectGapless } from '../../support/database/log.ts';
import { insertRow, outboxRows, publishSql, relayed, titlesIn } from '../../support/database/outbox.ts';
import { until } from '../../support/until.ts';
import { prepareOutbox } from './fixture.ts';

const outbox = prepareOutbox();

describe('What SQL publishes', () => {
  test('is in the log once it has committed, once, in the order in which it was written', async () => {
    outbox.relaying();
    await outbox.database.transaction(async (tx) => {
      for (const title of ['a', 'b', 'c']) await publishSql(tx, title);
    });
    await outbox.database.execute(
      `CALL live_publish('ANNOUNCEMENT', '{"title":"d","message":"é😀"}', 'the key')`,
    );
    await until(async () => (await titlesIn(outbox.database)).length === 4);
    await relayed(outbox.database);
    expect(await titlesIn(outbox.database)).toEqual(['a', 'b', 'c', 'd']);
    expect(await outboxRows(outbox.database)).toEqual([]);
    await expectGapless(outbox.database);
  });

  test('is not published when it is rolled back', async () => {
    outbox.relaying();
    const undone = outbox.database.transaction(async (tx) => {
      await publishSql(tx, 'undone');
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    await publishSql(outbox.database, 'done');
    await relayed(outbox.database);
    expect(await titlesIn(outbox.database)).toEqual(['done']);
  });

  test('waits for the transaction that writes it, and delays no other', async () => {
    outbox.relaying();
    const slow = await outbox.database.connect();
    outbox.closing(async () => slow.destroy());
    await slow.query('START TRANSACTION');
    await slow.query(
      `INSERT INTO event_outbox (type, payload, created_at) VALUES ('ANNOUNCEMENT', '{"title":"late","message":"m"}', UTC_TIMESTAMP(3))`,
    );
    for (const title of ['a', 'b']) await publishSql(outbox.database, title);
    await until(async () => (await titlesIn(outbox.database)).length === 2);
    await slow.query('COMMIT');
    await until(async () => (await titlesIn(outbox.database)).length === 3);
    expect(await titlesIn(outbox.database)).toEqual(['a', 'b', 'late']);
  });

  test('is published however much there is of it', async () => {
    const titles = Array.from({ length: 2 * PAGE_ROWS + 17 }, (_, i) => `${i}`);
    await outbox.database.transaction(async (tx) => {
      for (const title of titles) await publishSql(tx, title);
    });
    // Each its own page, almost: the payloads are what fills it.
    const large = 'x'.repeat(9_000);
    for (let i = 0; i < 3; i++)
      await insertRow(outbox.database, 'ANNOUNCEMENT', { title: `large ${i}`, message: large });
    outbox.relaying();
    await relayed(outbox.database);
    expect(await titlesIn(outbox.database)).toEqual([...titles, 'large 0', 'large 1', 'large 2']);
    await expectGapless(outbox.database);
  });

  test('is there at once when something in the process reports it', async () => {
    const { relay } = outbox.relaying();
    for (let round = 0; round < 5; round++) {
      await publishSql(outbox.database, `${round}`);
      relay.hint();
      await until(async () => (await titlesIn(outbox.database)).length === round + 1);
    }
  });
});

describe('A row that is not valid', () => {
  const invalid: [string, unknown, string | null][] = [
    ['LEVEL_UP', { playerId: 7 }, null],
    ['level_up', { playerId: 7, oldLevel: 1, newLevel: 2 }, null],
    ['NOTHING', {}, null],
    ['LEADERBOARD_UPDATE', {}, null],
    ['ANNOUNCEMENT', 'null', null],
    ['ANNOUNCEMENT', { title: 't', message: 'm' }, ' '],
    ['ANNOUNCEMENT', { title: 't', message: 'x'.repeat(2_000_000) }, null],
    ['ANNOUNCEMENT', { title: 't', message: 'x'.repeat(600_000) }, null],
    ['STANDINGS_TOUCHED', { contestId: 'x' }, null],
  ];

  test('becomes a dead letter with its reason, and blocks nothing', async () => {
    for (const [index, row] of invalid.entries()) {
      await publishSql(outbox.database, `before ${index}`);
      await insertRow(outbox.database, ...row);
    }
    await publishSql(outbox.database, 'last');
    outbox.relaying();
    await relayed(outbox.database);
    expect(await titlesIn(outbox.database)).toEqual([
      ...invalid.map((_, index) => `before ${index}`),
      'last',
    ]);
    const rows = await outboxRows(outbox.database);
    expect(rows.map(({ type }) => type)).toEqual(invalid.map(([type]) => type));
    expect(rows.every(({ failed, attempts }) => failed === 1 && attempts === 1)).toBe(true);
    expect(rows.map(({ error }) => error)).toEqual([
      'The field oldLevel is missing. The field newLevel is missing.',
      '"level_up" is not a type of event, but LEVEL_UP is.',
      '"NOTHING" is not a type of event.',
      'The type LEADERBOARD_UPDATE is published by the service alone.',
      'The payload is wrong: expected object, received null.',
      expect.stringMatching(/^The idempotency_key is wrong/),
      'The payload is larger than 524288 bytes.',
      expect.stringMatching(/^The field message is wrong: too big/),
      expect.stringMatching(/^The field contestId is wrong/),
    ]);
  });

  // MySQL's JSON columns hold nothing else.
  test.runIf(inject('databaseKind') === 'mariadb')(
    'becomes a dead letter also where it is no JSON at all',
    async () => {
      const text = `{"title": "it's \\ cut o`;
      await outbox.database.transaction(async (tx) => {
        await tx.execute('SET SESSION check_constraint_checks = 0');
        await tx.execute(
          "INSERT INTO event_outbox (type, payload, created_at) VALUES ('ANNOUNCEMENT', ?, UTC_TIMESTAMP(3))",
          [text],
        );
        await tx.execute('SET SESSION check_constraint_checks = 1');
      });
      await publishSql(outbox.database, 'behind it');
      outbox.relaying();
      await relayed(outbox.database);
      expect(await titlesIn(outbox.database)).toEqual(['behind it']);
      expect(await readDeadLetters(outbox.database, 10)).toMatchObject([
        { error: 'The payload is not valid JSON.', payload: JSON.stringify(text) },
      ]);
    },
  );

  test('may hold numbers that MariaDB made text of', async () => {
    outbox.relaying();
    await outbox.database.transaction(async (tx) => {
      await tx.execute('SET @player = CAST(7 AS CHAR)');
      await tx.execute(
        "INSERT INTO event_outbox (type, payload, created_at) VALUES ('LEVEL_UP', JSON_OBJECT('playerId', @player, 'oldLevel', 1, 'newLevel', 2), UTC_TIMESTAMP(3))",
      );
    });
    await relayed(outbox.database);
    const [row] = await outboxRows(outbox.database);
    expect(row?.error).toMatch(/^The field playerId is the text "7" and must be a number/);
  });

  test('is published once it was put right and is tried again', async () => {
    outbox.relaying();
    const id = await insertRow(outbox.database, 'ANNOUNCEMENT', { title: 'right' });
    await insertRow(outbox.database, 'ANNOUNCEMENT', { title: 'wrong' });
    await relayed(outbox.database);
    await outbox.database.execute(
      `UPDATE event_outbox SET payload = '{"title":"right","message":"m"}' WHERE id = ?`,
      [id],
    );
    expect(await retryDeadLetters(outbox.database)).toBe(2);
    await until(async () => (await titlesIn(outbox.database)).length === 1);
    await relayed(outbox.database);
    expect(await titlesIn(outbox.database)).toEqual(['right']);
    expect(await outboxRows(outbox.database)).toMatchObject([{ attempts: 2, failed: 1 }]);
    expect(await retryDeadLetters(outbox.database, [id])).toBe(0);
    expect(await retryDeadLetters(outbox.database, [])).toBe(0);
  });
});

test('A row that cannot be stored becomes a dead letter alone', async () => {
  const publisher = outbox.publishing();
  for (let i = 0; i < 9; i++) await publishSql(outbox.database, i === 5 ? 'poison' : `${i}`);
  outbox.relaying({
    publisher: {
      async publishUnits(units) {
        const poisoned = units.some(({ drafts }) => drafts.some(({ data }) => data.includes('poison')));
        if (poisoned) throw new Problem('body-too-large');
        return publisher.publishUnits(units);
      },
    },
  });
  await relayed(outbox.database);
  expect(await titlesIn(outbox.database)).toEqual(['0', '1', '2', '3', '4', '6', '7', '8']);
  expect(await outboxRows(outbox.database)).toMatchObject([
    { error: 'It was refused: The body is too large.' },
  ]);
});
