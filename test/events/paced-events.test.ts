import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { EventUnit } from '../../src/events/draft.ts';
import { createLogPublisher } from '../../src/events/log-publisher.ts';
import { flushPaced, PacedEvents } from '../../src/events/paced-events.ts';
import { storePaced } from '../../src/events/paced-rows.ts';
import { prepareFor } from '../../src/events/prepare.ts';
import type { LogRow } from '../../src/log/row.ts';
import { readRestrictions } from '../../src/platform/restrictions.ts';
import type { EventType } from '../../src/protocol/event.ts';
import { Problem } from '../../src/protocol/problem.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { openAppender } from '../support/database/log.ts';
import { createContest, setFrozen } from '../support/database/platform.ts';
import { lockRows } from '../support/database/row-lock.ts';

const made = prepareDatabase();
let units: EventUnit[] = [];
const publisher = {
  async publishUnits(some: readonly EventUnit[]) {
    units.push(...some);
    for (const { preconditions = [] } of some)
      for (const { sql } of preconditions) await made.database.execute(sql);
    return [];
  },
};
const open = () => new PacedEvents({ database: made.database, publisher });

beforeEach(async () => {
  units = [];
  await made.database.execute('DELETE FROM deferred_event');
  await made.database.execute('DELETE FROM contest_freeze');
});

async function frozenContest(): Promise<number> {
  const contestId = await createContest(made.database, { frozen: true });
  await made.database.execute(
    'INSERT INTO contest_freeze (contest_id, freeze_no, frozen, frozen_at, `exact`) VALUES (?, 1, TRUE, UTC_TIMESTAMP(3), TRUE)',
    [contestId],
  );
  return contestId;
}

async function hide(
  contestId: number,
  playerId: number,
  waitedS = 0,
  type: EventType = 'PROBLEM_SOLVED',
): Promise<void> {
  const scopes: Scope[] = [`player:${playerId}`, `contest:${contestId}:hidden`];
  const about = { playerId, problemId: 5, contestId };
  const { sql } = storePaced(prepareFor(type, about, { scopes, activity: true }));
  await made.database.execute(sql);
  await made.database.execute(
    'UPDATE deferred_event SET created_at = created_at - INTERVAL ? SECOND ORDER BY id DESC LIMIT 1',
    [waitedS],
  );
}

const rows = () => units.flatMap(({ drafts }) => drafts.flatMap((draft) => draft.rows));
const players = () => units.flatMap(({ drafts }) => drafts.flatMap(({ playerId }) => playerId ?? []));
const waiting = () => made.database.query('SELECT id FROM deferred_event');

/** A publisher that appends to the log. */
function openPublisher() {
  const appender = openAppender(made.database);
  onTestFinished(() => appender.close());
  return createLogPublisher({
    append: (some) => appender.append(some),
    restrictions: (about) => readRestrictions(made.database, about),
    findSolve: async () => 12,
  });
}

/** The row for admins of a judgement. */
const judgement = (contestId: number) =>
  ({
    type: 'SUBMISSION_JUDGED',
    scope: `contest:${contestId}:hidden`,
    data: JSON.stringify({ playerId: 1, submissionId: 1, problemId: 5, contestId, verdict: 'ACCEPTED' }),
  }) as LogRow;

test('an append has the same number of rows, however many solves wait', async () => {
  const contestId = await frozenContest();
  const lengths: number[] = [];
  for (const solves of [0, 1, 2]) {
    for (let number = 0; number < solves; number++) await hide(contestId, number + 1);
    units = [];
    await open().run();
    lengths.push(rows().length);
    expect(await waiting()).toEqual([]);
  }
  expect(lengths).toEqual([4, 4, 4]);
});

test('each judgement of a frozen contest makes room for more, whatever its verdict', async () => {
  const [frozen, shown] = [await frozenContest(), await createContest(made.database)];
  const paced = open();
  paced.observe([judgement(frozen)]);
  await paced.run();
  expect(rows()).toHaveLength(4);
  units = [];
  paced.observe([judgement(frozen), judgement(shown), judgement(frozen)]);
  await paced.run();
  expect(rows()).toHaveLength(12);
  await paced.run();
  expect(rows()).toHaveLength(16);
});

test('what has no room waits, in order; if for long, the appends grow', async () => {
  const contestId = await frozenContest();
  for (const playerId of [1, 2, 3]) await hide(contestId, playerId);
  const paced = open();
  await paced.run();
  expect(players()).toEqual([1, 2]);
  await paced.run();
  expect(players()).toEqual([1, 2, 3]);
  units = [];
  for (const playerId of [4, 5, 6, 7]) await hide(contestId, playerId, 60);
  await paced.run();
  expect(players()).toEqual([4, 5, 6, 7]);
  units = [];
  await paced.run();
  expect(rows()).toHaveLength(8);
});

test('without a frozen contest everything is appended, and no padding', async () => {
  const contestId = await createContest(made.database);
  for (const playerId of [1, 2, 3]) await hide(contestId, playerId);
  await open().run();
  expect(players()).toEqual([1, 2, 3]);
  expect(rows()).toHaveLength(6);
  expect(units[0]?.drafts.flatMap(({ activity }) => activity)).toHaveLength(3);
  units = [];
  await open().run();
  expect(units).toEqual([]);
});

test('of a contest whose freeze is over, everything is appended at once', async () => {
  const [over, frozen] = [await frozenContest(), await frozenContest()];
  await hide(over, 1);
  await hide(frozen, 2);
  await hide(over, 3, 0, 'SOLVE_RETRACTED');
  await setFrozen(made.database, over, false);
  await flushPaced({ database: made.database, publisher }, over);
  expect(players()).toEqual([1, 3]);
  expect(await waiting()).toHaveLength(1);
});

test('after the end of a frozen contest, padding is appended less often', async () => {
  const contestId = await frozenContest();
  await made.database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
  const paced = open();
  for (let run = 0; run < 9; run++) await paced.run();
  expect(rows()).toHaveLength(0);
  await paced.run();
  expect(rows()).toHaveLength(4);
});

test('a retraction is appended once, before what came after it, with the solve that it takes back', async () => {
  const { database } = made;
  const contestId = await frozenContest();
  await hide(contestId, 1, 0, 'SOLVE_RETRACTED');
  await hide(contestId, 1);
  await new PacedEvents({ database, publisher: openPublisher() }).run();
  const log = await database.query<{ type: string; scope: string; supersedes: string | null }>(
    "SELECT type, scope, JSON_EXTRACT(data, '$.supersedes') AS supersedes FROM notification ORDER BY id DESC LIMIT 4",
  );
  expect(log.toReversed().map(({ supersedes, ...row }) => ({ ...row, link: Number(supersedes) }))).toEqual([
    { type: 'SOLVE_RETRACTED', scope: 'player:1', link: 12 },
    { type: 'SOLVE_RETRACTED', scope: `contest:${contestId}:hidden`, link: 12 },
    { type: 'PROBLEM_SOLVED', scope: 'player:1', link: 0 },
    { type: 'PROBLEM_SOLVED', scope: `contest:${contestId}:hidden`, link: 0 },
  ]);
  expect(await waiting()).toEqual([]);
});

test('a locked event delays only what follows in its scopes, no other append, and enlarges none', async () => {
  const { database, url } = made;
  const contestId = await frozenContest();
  const other = await frozenContest();
  await hide(contestId, 1);
  await hide(contestId, 2);
  await hide(other, 3);
  const paced = new PacedEvents({ database, publisher: openPublisher() });
  const lock = () => lockRows(url, 'deferred_event WHERE contest_id = 0 ORDER BY id LIMIT 1');
  let unlock = await lock();
  const owners = async () =>
    (
      await database.query<{ playerId: number }>(
        "SELECT player_id AS playerId FROM notification WHERE scope LIKE 'player:%' AND type = 'PROBLEM_SOLVED' ORDER BY id DESC LIMIT 3",
      )
    ).map(({ playerId }) => playerId);
  const head = async () => Number((await database.query('SELECT head FROM log_head'))[0]?.head);
  const before = await head();
  await paced.run();
  expect((await owners())[0]).toBe(3);
  expect(await waiting()).toHaveLength(2);
  await hide(contestId, 4);
  await unlock();
  await database.execute('UPDATE deferred_event SET created_at = created_at - INTERVAL 60 SECOND');
  unlock = await lock();
  for (let run = 0; run < 2; run++) await paced.run();
  await unlock();
  await paced.run();
  await paced.run();
  expect((await owners()).toReversed()).toEqual([1, 2, 4]);
  expect((await head()) - before).toBe(5 * 4);
});

test('what the database does not take at once is appended in parts, padding included', async () => {
  const contestId = await frozenContest();
  for (const playerId of [1, 2, 3, 4]) await hide(contestId, playerId);
  const small = {
    publishUnits: async (some: readonly EventUnit[]) => {
      if (some.some(({ drafts }) => drafts.length > 1)) throw new Problem('body-too-large');
      return publisher.publishUnits(some);
    },
  };
  const paced = new PacedEvents({ database: made.database, publisher: small });
  paced.observe([judgement(contestId)]);
  await paced.run();
  paced.observe([judgement(contestId)]);
  await paced.run();
  expect(players()).toEqual([1, 2, 3, 4]);
  expect(rows()).toHaveLength(12);
  expect(await waiting()).toEqual([]);
});

test('an event that the database never takes stays and is reported once; the others are appended', async () => {
  const contestId = await frozenContest();
  for (const playerId of [1, 2, 3]) await hide(contestId, playerId);
  const small = {
    publishUnits: async (some: readonly EventUnit[]) => {
      if (some.some(({ drafts }) => drafts.some(({ playerId }) => playerId === 2)))
        throw new Problem('body-too-large');
      return publisher.publishUnits(some);
    },
  };
  const errors: unknown[] = [];
  const options = {
    database: made.database,
    publisher: small,
    onError: (error: unknown) => errors.push(error),
  };
  const paced = new PacedEvents(options);
  paced.observe([judgement(contestId)]);
  for (let run = 0; run < 4; run++) await paced.run();
  expect(players()).toEqual([1, 3]);
  expect(errors).toEqual([
    expect.objectContaining({ message: expect.stringContaining('max_allowed_packet') }),
  ]);
  await hide(contestId, 4);
  await flushPaced(options, contestId);
  expect(players()).toEqual([1, 3, 4]);
  expect(await waiting()).toHaveLength(1);
});

test('what only a later release understands stays until one of its nodes leads, and delays nothing', async () => {
  const contestId = await frozenContest();
  await hide(contestId, 1);
  await made.database.execute(`UPDATE deferred_event SET type = 'OF_A_LATER_RELEASE'`);
  await hide(contestId, 2);
  const paced = open();
  for (let run = 0; run < 2; run++) await paced.run();
  expect(players()).toEqual([2]);
  expect(rows()).toHaveLength(8);
  expect(await waiting()).toHaveLength(1);
});

test('retractions whose solves are in the log wait for no append of their own', async () => {
  const contestId = await frozenContest();
  const paced = open();
  for (const playerId of [1, 2]) await hide(contestId, playerId, 60, 'SOLVE_RETRACTED');
  await paced.run();
  await paced.run();
  expect(players()).toEqual([1, 2]);
  expect(rows()).toHaveLength(8);
});
