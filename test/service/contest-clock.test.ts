import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { announcementsOf, hasPassed, isRecorded, times } from '../contest/fixture.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';
import { startServiceOn, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type Listener, listen } from '../support/wire/listener.ts';

const NAMES = ['contest-status', 'contest-end'];

describe('A contest', () => {
  let made: TestDatabase;
  let userId: number;
  let playerId: number;
  const services: TestService[] = [];
  const listeners: Listener[] = [];

  beforeEach(async () => {
    made = await createTestDatabase();
    ({ userId, playerId } = await createPlayer(made.database));
  });
  afterEach(async () => {
    for (const listener of listeners.splice(0)) listener.close();
    for (const { service } of services.splice(0)) await service.close();
    await made.drop();
  });

  async function start(extra?: Record<string, string>): Promise<TestService> {
    const service = await startServiceOn(made, extra);
    services.push(service);
    return service;
  }
  async function contest(startsIn: number, endsIn: number): Promise<number> {
    const { database } = made;
    const [startTime, endTime] = await times(database, startsIn, endsIn);
    const id = await createContest(database, { title: 'Sprint', status: 'UPCOMING', startTime, endTime });
    await joinContest(database, { contestId: id, playerId });
    return id;
  }
  /** Listens from the beginning of the log: a slow machine may be late for the start. */
  async function listenTo(service: TestService, id: number): Promise<Listener> {
    const query = 'types=CONTEST_STATUS,CONTEST_END&lastEventId=earliest';
    const url = `${service.url}/streams/contests/${id}?${query}`;
    const listener = listen(url, await service.token(userId), NAMES);
    listeners.push(listener);
    await listener.ready();
    return listener;
  }
  const set = (id: number, status: string) =>
    made.database.execute('UPDATE contest SET status = ? WHERE id = ?', [status, id]);
  const seen = (id: number) => until(() => isRecorded(made.database, id));
  const receives = (listener: Listener, count: number) =>
    expect.poll(() => listener.received.length, { timeout: 20_000, interval: 10 }).toBe(count);
  const announced = (id: number) => announcementsOf(made.database, id);

  test('that starts and ends is announced on its stream, and stays in the inbox of its participants', async () => {
    const id = await contest(2, 3);
    const service = await start();
    const listener = await listenTo(service, id);
    await receives(listener, 3);
    expect(await announced(id)).toEqual(['LIVE', 'ENDED', 'END']);
    const response = await fetch(`${service.url}/notifications`, {
      headers: { authorization: `Bearer ${await service.token(userId)}` },
    });
    const { items } = (await response.json()) as { items: { type: string; message: string }[] };
    expect(items.map(({ message }) => message)).toEqual([
      'Sprint is over',
      'Sprint is over',
      'Sprint has started',
    ]);
    expect(listener.opened[0]?.serverTime).toMatch(/^\d{4}-.*Z$/);
  });

  test('that started and ended while no service ran is announced at the next start', async () => {
    const id = await contest(2, 3);
    const first = await start();
    await seen(id);
    await first.service.close();
    await until(() => hasPassed(made.database, id, 'end_time'));
    const again = await start();
    const listener = await listenTo(again, id);
    await receives(listener, 3);
    expect(await announced(id)).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('is announced once by two nodes, and by the one that is left', async () => {
    const id = await contest(2, 3_600);
    const [one, other] = [await start(), await start()];
    const listener = await listenTo(other, id);
    await receives(listener, 1);
    await one.service.close();
    const [, endTime] = await times(made.database, 0, 1);
    await made.database.execute('UPDATE contest SET end_time = ? WHERE id = ?', [endTime, id]);
    await receives(listener, 3);
    const last = await contest(0, 1);
    await expect.poll(() => announced(last), { timeout: 20_000 }).toEqual(['LIVE', 'ENDED', 'END']);
    expect(await announced(id)).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('that an admin ends, reopens and ends again is announced each time, with triggers and without', async () => {
    const id = await contest(-60, 3_600);
    const service = await start();
    const listener = await listenTo(service, id);
    await receives(listener, 1);
    await set(id, 'LIVE');
    await set(id, 'ENDED');
    await receives(listener, 3);
    await installTriggers(made.database);
    await set(id, 'LIVE');
    await set(id, 'ENDED');
    await set(id, 'LIVE');
    await set(id, 'ENDED');
    await receives(listener, 9);
    const last = await contest(0, 1);
    await expect.poll(() => announced(last), { timeout: 20_000 }).toEqual(['LIVE', 'ENDED', 'END']);
    const period = ['LIVE', 'ENDED', 'END'];
    expect(await announced(id)).toEqual([...period, ...period, ...period]);
  });

  test('that the platform reports over REST, too, is announced once', async () => {
    const id = await contest(1_800, 3_600);
    const service = await start();
    await installTriggers(made.database);
    const listener = await listenTo(service, id);
    const publish = async (type: string, name: string, data: object = {}) => {
      const event = { type, data: { contestId: id, ...data }, idempotencyKey: name };
      const response = await service.publish(event);
      const { events } = (await response.json()) as { events: { duplicate: boolean }[] };
      return [response.status, events[0]?.duplicate];
    };
    await set(id, 'LIVE');
    await receives(listener, 1);
    const live = { newStatus: 'LIVE' };
    expect(await publish('CONTEST_STATUS', `contest-status:${id}:LIVE`, live)).toEqual([200, true]);
    const ended = { newStatus: 'ENDED' };
    expect(await publish('CONTEST_STATUS', `contest-status:${id}:ENDED`, ended)).toEqual([201, false]);
    expect(await publish('CONTEST_END', `contest-end:${id}`)).toEqual([201, false]);
    await set(id, 'ENDED');
    await seen(id);
    await receives(listener, 3);
    const last = await contest(0, 1);
    await expect.poll(() => announced(last), { timeout: 20_000 }).toEqual(['LIVE', 'ENDED', 'END']);
    expect(await announced(id)).toEqual(['LIVE', 'ENDED', 'END']);
  });

  test('has the times of the platform’s own zone', async () => {
    const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000);
    // Kolkata keeps no summer time: its clock is always five hours and a half ahead.
    const wall = new Date(at.getTime() + 19_800_000).toISOString().slice(0, 19).replace('T', ' ');
    const id = await createContest(made.database, {
      status: 'UPCOMING',
      startTime: wall,
      endTime: '2037-01-01 00:00:00',
    });
    const service = await start({ PLATFORM_TIME_ZONE: 'Asia/Kolkata' });
    const listener = await listenTo(service, id);
    await receives(listener, 1);
    const response = await fetch(`${service.url}/contests/${id}`, {
      headers: { authorization: `Bearer ${await service.token(userId)}` },
    });
    expect(await response.json()).toMatchObject({
      status: 'LIVE',
      startsAt: at.toISOString(),
      endsAt: '2036-12-31T18:30:00.000Z',
    });
    const [row] = await made.database.query<{ at: Date }>(
      'SELECT created_at AS at FROM notification WHERE scope = ?',
      [`contest:${id}`],
    );
    expect(row?.at.getTime()).toBeGreaterThanOrEqual(at.getTime());
  });
});
