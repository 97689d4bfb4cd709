import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { UncheckedEvent } from '../../src/events/log-publisher.ts';
import { naturalKeyOf } from '../../src/protocol/natural-key.ts';
import { Problem } from '../../src/protocol/problem.ts';
import type { Published } from '../../src/protocol/publishing.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { expectGapless, wholeLog } from '../support/database/log.ts';
import { createContest, createUser } from '../support/database/platform.ts';
import { announcementsOf, type ClockNode, openClockNode } from './fixture.ts';

type Status = 'UPCOMING' | 'LIVE' | 'ENDED';

describe('The announcer', () => {
  const { database } = prepareDatabase();
  let node: ClockNode;
  let admin: number;
  let id: number;

  beforeAll(async () => {
    node = openClockNode(database);
    admin = await createUser(database, { role: 'ADMIN' });
  });
  beforeEach(async () => {
    id = await createContest(database, {
      createdBy: admin,
      title: 'Sprint',
      status: 'UPCOMING',
      startTime: '2037-01-01 10:00:00',
      endTime: '2037-01-01 12:00:00',
    });
  });
  afterAll(() => node.close());

  const status = (newStatus: Status, idempotencyKey?: string): UncheckedEvent => ({
    type: 'CONTEST_STATUS',
    data: { contestId: id, newStatus },
    idempotencyKey,
  });
  const end = (idempotencyKey?: string, more: object = {}): UncheckedEvent => ({
    type: 'CONTEST_END',
    data: { contestId: id, ...more },
    idempotencyKey,
  });
  const named = (newStatus: Status) => status(newStatus, `contest-status:${id}:${newStatus}`);
  const namedEnd = (more?: object) => end(`contest-end:${id}`, more);
  const publish = (...events: UncheckedEvent[]): Promise<Published[]> =>
    node.announcer.publishUnchecked(events);
  const announced = () => announcementsOf(database, id);
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      (error: unknown) => (error instanceof Problem ? error.code : error),
    );
  async function recorded(): Promise<string | undefined> {
    const rows = await database.query<{ status: string }>(
      'SELECT status FROM contest_announced WHERE contest_id = ?',
      [id],
    );
    return rows[0]?.status;
  }

  test('answers a repeated report with the first one’s answer, as a duplicate', async () => {
    expect(naturalKeyOf('CONTEST_STATUS', { contestId: id, newStatus: 'LIVE' })).toBe(
      named('LIVE').idempotencyKey,
    );
    const [first] = await publish(named('LIVE'));
    expect(first).toMatchObject({ duplicate: false, notifications: [{ scope: `contest:${id}` }] });
    expect(await publish(named('LIVE'))).toEqual([{ ...first, duplicate: true }]);
    expect(await announced()).toEqual(['LIVE']);
  });

  test('announces a report again when something else was announced in between', async () => {
    for (const event of [
      named('LIVE'),
      named('ENDED'),
      namedEnd(),
      named('LIVE'),
      named('ENDED'),
      namedEnd(),
    ])
      expect(await publish(event)).toMatchObject([{ duplicate: false }]);
    expect(await publish(namedEnd())).toMatchObject([{ duplicate: true }]);
    expect(await announced()).toEqual(['LIVE', 'ENDED', 'END', 'LIVE', 'ENDED', 'END']);
  });

  test('completes a report with title and times, and keeps those that it has', async () => {
    await publish(named('LIVE'));
    await publish({
      type: 'CONTEST_STATUS',
      data: { contestId: id, newStatus: 'ENDED', contestTitle: 'My Sprint' },
      idempotencyKey: `contest-status:${id}:ENDED`,
    });
    const rows = (await wholeLog(database)).filter((row) => row.scope === `contest:${id}`);
    const [live, ended] = rows.map((row) => JSON.parse(row.data));
    expect(live).toMatchObject({ contestTitle: 'Sprint', oldStatus: 'UPCOMING' });
    expect(Date.parse(live.endsAt) - Date.parse(live.startsAt)).toBe(7_200_000);
    expect(ended).toMatchObject({ contestTitle: 'My Sprint', oldStatus: 'LIVE', endsAt: live.endsAt });
  });

  test('announces the end with its winners after the status', async () => {
    const winners = [{ playerId: 7, rank: 1 }];
    await publish(named('ENDED'));
    const [first] = await publish(namedEnd({ winners }));
    expect(await publish(namedEnd())).toEqual([{ ...first, duplicate: true }]);
    expect(await announced()).toEqual(['ENDED', 'END']);
    const last = (await wholeLog(database)).at(-1);
    expect([last?.id, JSON.parse(last?.data ?? '')]).toEqual([
      first?.eventId,
      { contestId: id, contestTitle: 'Sprint', participantCount: 0, winners },
    ]);
  });

  test('announces the status ENDED with an end that is reported alone', async () => {
    await publish(named('LIVE'));
    const [only] = await publish(namedEnd());
    expect(await announced()).toEqual(['LIVE', 'ENDED', 'END']);
    expect(only).toMatchObject({ type: 'CONTEST_END', eventId: (await wholeLog(database)).at(-1)?.id });
    expect(await publish(named('ENDED'))).toMatchObject([{ duplicate: true }]);
  });

  test('publishes an event without a key each time, and records its state', async () => {
    for (let time = 0; time < 2; time++)
      expect(await publish(status('LIVE'))).toMatchObject([{ duplicate: false }]);
    expect(await recorded()).toBe('LIVE');
    expect(await publish(named('LIVE'))).toMatchObject([{ duplicate: true }]);
    await publish(status('ENDED'), end());
    expect(await recorded()).toBe('OVER');
    expect(await announced()).toEqual(['LIVE', 'LIVE', 'ENDED', 'END']);
  });

  test('recognises a repeat by a key of the caller’s own, and changes nothing then', async () => {
    const first = await publish(status('LIVE', `mine-${id}`));
    await publish(named('ENDED'), namedEnd());
    expect(await publish(status('LIVE', `mine-${id}`))).toEqual([{ ...first[0], duplicate: true }]);
    expect(await recorded()).toBe('OVER');
    expect(await codeOf(publish(status('ENDED', `mine-${id}`)))).toBe('idempotency-conflict');
    const all = { idempotencyKey: `all-${id}` };
    const both = await node.announcer.publishUnchecked([status('LIVE'), status('ENDED')], all);
    expect(await node.announcer.publishUnchecked([status('LIVE'), status('ENDED')], all)).toEqual(
      both.map((one) => ({ ...one, duplicate: true })),
    );
    expect(await recorded()).toBe('ENDED');
  });

  test('publishes reports and other events of one call together or not at all', async () => {
    await publish(named('LIVE'));
    const note = (playerId: number): UncheckedEvent => ({
      type: 'ANNOUNCEMENT',
      data: { title: 'Well done', message: 'm', playerId },
    });
    const answers = await publish(note(1), named('LIVE'), named('ENDED'), note(2), namedEnd(), note(3));
    expect(answers.map(({ type, duplicate }) => `${type} ${duplicate}`)).toEqual([
      'ANNOUNCEMENT false',
      'CONTEST_STATUS true',
      'CONTEST_STATUS false',
      'ANNOUNCEMENT false',
      'CONTEST_END false',
      'ANNOUNCEMENT false',
    ]);
    const log = new Map((await wholeLog(database)).map((row) => [row.id, row]));
    for (const { type, notifications } of answers)
      for (const { id: at, scope } of notifications) expect(log.get(at)).toMatchObject({ type, scope });
    const size = log.size;
    expect(await codeOf(publish(named('LIVE'), { type: 'ANNOUNCEMENT', data: {} }))).toBe('invalid-event');
    expect((await wholeLog(database)).length).toBe(size);
    expect(await recorded()).toBe('OVER');
  });

  test('takes a whole life cycle in one call, several times', async () => {
    const course = [named('LIVE'), named('ENDED'), namedEnd(), named('LIVE'), named('LIVE'), named('ENDED')];
    const answers = await publish(...course);
    expect(answers.map(({ duplicate }) => duplicate)).toEqual([false, false, false, false, true, false]);
    expect(answers[4]).toEqual({ ...answers[3], duplicate: true });
    expect(await publish(status('LIVE'), named('LIVE'))).toMatchObject([
      { duplicate: false },
      { duplicate: true },
    ]);
    expect(await announced()).toEqual(['LIVE', 'ENDED', 'END', 'LIVE', 'ENDED', 'LIVE']);
    const log = await wholeLog(database);
    for (const { type, eventId } of answers)
      expect(log.find((row) => row.id === eventId)).toMatchObject({ type, scope: `contest:${id}` });
  });

  test('announces contests that the platform does not have', async () => {
    id = 999_000_000 + id;
    await publish(named('LIVE'));
    expect(await publish(named('LIVE'))).toMatchObject([{ duplicate: true }]);
    await publish(namedEnd());
    expect(await announced()).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('does not take a report for a duplicate of a recorded baseline', async () => {
    await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [id]);
    node.start();
    await expect.poll(recorded).toBe('OVER');
    await node.stop();
    expect(await publish(named('ENDED'), namedEnd())).toMatchObject([
      { duplicate: false },
      { duplicate: false },
    ]);
    expect(await publish(named('ENDED'), namedEnd())).toMatchObject([
      { duplicate: true },
      { duplicate: true },
    ]);
    expect(await announced()).toEqual(['ENDED', 'END']);
  });

  test('announces once what several nodes report at the same time', async () => {
    const nodes = [node, openClockNode(database), openClockNode(database)];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (nodes[index % 3] as ClockNode).announcer.publishUnchecked([named('LIVE')]),
      ),
    );
    expect(answers.flat().filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(answers.flat().map(({ eventId }) => eventId)).size).toBe(1);
    expect(await announced()).toEqual(['LIVE']);
    await Promise.all(nodes.slice(1).map((other) => other.close()));
    await expectGapless(database);
  });

  test('runs the preconditions in the transaction of the event, or does nothing', async () => {
    const live = { type: 'CONTEST_STATUS' as const, data: { contestId: id, newStatus: 'LIVE' as const } };
    const row = async () => {
      const { insertId } = await database.execute(
        "INSERT INTO event_outbox (type, payload, created_at) VALUES ('x', '{}', UTC_TIMESTAMP(3))",
      );
      return { sql: `DELETE FROM event_outbox WHERE id = ${insertId}`, expectedRows: 1 };
    };
    const waiting = async () => (await database.query('SELECT 1 FROM event_outbox')).length;
    const first = await row();
    expect(await node.announcer.announce(live, [first])).toBe(true);
    expect(await waiting()).toBe(0);
    expect(await node.announcer.announce(live, [await row()])).toBe(false);
    expect(await waiting()).toBe(1);
    const over = { type: 'CONTEST_END' as const, data: { contestId: id } };
    expect(await codeOf(node.announcer.announce(over, [first]))).toBe('superseded');
    expect(await announced()).toEqual(['LIVE']);
    await database.execute('DELETE FROM event_outbox');
  });
});
