import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lockName } from '../../src/db/named-lock.ts';
import { ByteBudget } from '../../src/http/byte-budget.ts';
import { networkOf } from '../../src/http/callers.ts';
import { RequestLimits } from '../../src/http/request-limits.ts';
import { createPlayer } from '../support/database/platform.ts';
import { startService, type TestService } from '../support/service.ts';
import { readEventStream } from '../support/wire/event-stream.ts';

const tooMany = { code: 'too-many-requests', status: 429, options: { retryAfter: 1 } };

describe('The limits of an account', () => {
  it('let a few requests work, a few wait in order, and refuse the rest at once', async () => {
    const limits = new RequestLimits();
    const bounds = { running: 2, waiting: 3, perSecond: 0 };
    const order: number[] = [];
    const running = await Promise.all([limits.enter('a', bounds), limits.enter('a', bounds)]);
    const waiting = [0, 1, 2].map(async (number) => {
      const leave = await limits.enter('a', bounds);
      order.push(number);
      return leave;
    });
    await expect(limits.enter('a', bounds)).rejects.toMatchObject(tooMany);
    const other = await limits.enter('b', bounds);
    other();
    for (const leave of running) leave();
    for (const entered of waiting) (await entered)();
    expect(order).toEqual([0, 1, 2]);
    for (let round = 0; round < 10; round += 1) (await limits.enter('a', bounds))();
  });

  it('let five seconds of the permitted rate through at once', async () => {
    const limits = new RequestLimits();
    const bounds = { running: 100, waiting: 0, perSecond: 2 };
    for (let round = 0; round < 10; round += 1) (await limits.enter('a', bounds))();
    await expect(limits.enter('a', bounds)).rejects.toMatchObject(tooMany);
    (await limits.enter('b', bounds))();
  });

  it('count an IPv6 customer as one address', () => {
    expect(networkOf('203.0.113.7')).toBe('203.0.113.7');
    expect(networkOf('::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(networkOf('2001:db8:1:2::9')).toBe('2001:db8:1:2');
    expect(networkOf('2001:db8::9')).toBe('2001:db8:0:0');
    expect(networkOf('::1')).toBe('0:0:0:0');
  });

  it('bound the bytes of bodies, of one and of all', () => {
    const budget = new ByteBudget(100, 60);
    const give = budget.take('a', 50);
    expect(() => budget.take('a', 20)).toThrow(expect.objectContaining({ code: 'too-many-requests' }));
    const other = budget.take('b', 50);
    expect(() => budget.take('c', 1)).toThrow(expect.objectContaining({ code: 'overloaded', status: 503 }));
    give();
    other();
    expect(budget.used).toBe(0);
    budget.take('a', 60)();
  });
});

describe('One account that asks without end', () => {
  let live: TestService;
  let ask: (who: string, path?: string) => Promise<Response>;
  let attacker: string;
  let neighbour: string;
  beforeAll(async () => {
    live = await startService({
      DATABASE_POOL_SIZE: '4',
      MAX_REQUESTS_PER_USER: '2',
      MAX_REQUESTS_PER_SECOND: '0',
    });
    const token = async () => `Bearer ${await live.token((await createPlayer(live.test.database)).userId)}`;
    attacker = await token();
    neighbour = await token();
    ask = (authorization, path = '/notifications') => fetch(live.url + path, { headers: { authorization } });
  });
  afterAll(() => live.close());
  const toRelease: (() => unknown)[] = [];
  afterEach(async () => {
    for (const release of toRelease.splice(0)) await release();
  });

  it('is refused beyond its bound, and others are answered', async () => {
    const attack = Promise.all(Array.from({ length: 200 }, () => ask(attacker)));
    for (let round = 0; round < 10; round += 1) expect((await ask(neighbour)).status).toBe(200);
    const answers = await attack;
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBe(200 - refused.length);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(await refused[0]?.json()).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect((await ask(attacker)).status).toBe(200);
  });

  it('takes neither readiness nor leadership, also where its requests hang in the database', async () => {
    const { database } = live.test;
    const holder = async () =>
      (
        await database.query<{ id: number | null }>('SELECT IS_USED_LOCK(?) AS id', [
          lockName(database.name, 'duties'),
        ])
      )[0]?.id;
    await expect.poll(holder).not.toBeNull();
    const leader = await holder();
    const blocker = await database.connect();
    toRelease.push(() => blocker.destroy());
    await blocker.query('LOCK TABLES notification_receipt WRITE');
    const attackers = await Promise.all(
      Array.from(
        { length: 5 },
        async () => `Bearer ${await live.token((await createPlayer(database)).userId)}`,
      ),
    ).catch(() => [attacker, neighbour]);
    const attack = [attacker, ...attackers].flatMap((who) => Array.from({ length: 10 }, () => ask(who)));
    for (let round = 0; round < 20; round += 1) {
      expect((await fetch(`${live.url}/ready`)).status).toBe(200);
      expect((await fetch(`${live.url}/health`)).status).toBe(200);
    }
    expect(await holder()).toBe(leader);
    await blocker.query('UNLOCK TABLES');
    for (const answer of await Promise.all(attack)) expect([200, 429, 503]).toContain(answer.status);
    expect(await holder()).toBe(leader);
  });

  it('keeps nothing waiting that goes on beside requests: what SQL publishes is relayed meanwhile', async () => {
    const { database } = live.test;
    const accounts: string[] = [];
    while (accounts.length < 8)
      accounts.push(`Bearer ${await live.token((await createPlayer(database)).userId)}`);
    const blocker = await database.connect();
    toRelease.push(() => blocker.destroy());
    await blocker.query('LOCK TABLES notification_receipt WRITE');
    let over = false;
    toRelease.push(() => {
      over = true;
    });
    const attack = accounts.flatMap((who) =>
      [1, 2, 3].map(async () => {
        while (!over)
          await ask(who).then(
            (answer) => answer.text(),
            () => {},
          );
      }),
    );
    const counted = async (sql: string, values: unknown[] = []) =>
      Number((await database.query<{ n: number }>(sql, values))[0]?.n);
    // As many as the service's pool has.
    const hanging =
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = ? AND state LIKE 'Waiting for table%'";
    await expect.poll(() => counted(hanging, [database.name])).toBeGreaterThanOrEqual(4);
    await database.query('CALL live_publish(?, ?, ?)', [
      'ANNOUNCEMENT',
      JSON.stringify({ title: 'Hello', message: 'World' }),
      'meanwhile',
    ]);
    await expect.poll(() => counted('SELECT COUNT(*) AS n FROM event_outbox')).toBe(0);
    over = true;
    await blocker.query('UNLOCK TABLES');
    await Promise.all(attack);
  });

  it('is bounded before the database is asked whether its ticket may be used', async () => {
    const { database } = live.test;
    const { ticket } = (await (
      await fetch(`${live.url}/tickets`, {
        method: 'POST',
        headers: { authorization: attacker, 'content-type': 'application/json' },
        body: JSON.stringify({ scopes: ['player:me'] }),
      })
    ).json()) as { ticket: string };
    const blocker = await database.connect();
    toRelease.push(() => blocker.destroy());
    await blocker.query('LOCK TABLES stream_session WRITE');
    const opening = () => fetch(`${live.url}/streams/players/me?ticket=${ticket}`, { method: 'HEAD' });
    const attack = Array.from({ length: 40 }, opening);
    // Two of them hang, sixteen wait, and the rest are refused at once.
    expect((await Promise.any(attack)).status).toBe(429);
    for (let round = 0; round < 5; round += 1) expect((await ask(neighbour)).status).toBe(200);
    await blocker.query('UNLOCK TABLES');
    for (const answer of await Promise.all(attack)) expect([200, 429]).toContain(answer.status);
    expect((await opening()).status).toBe(200);
  });
});

describe('A rate', () => {
  let live: TestService;
  beforeAll(async () => {
    live = await startService({ MAX_REQUESTS_PER_SECOND: '1', DEMO: 'on-this-database' });
  });
  afterAll(() => live.close());

  it('ends no EventSource: it is asked to come back later', async () => {
    const authorization = `Bearer ${await live.token((await createPlayer(live.test.database)).userId)}`;
    const ask = (accept: string) =>
      fetch(`${live.url}/streams/global`, { method: 'GET', headers: { authorization, accept } });
    await expect
      .poll(async () => (await fetch(`${live.url}/contests`, { headers: { authorization } })).status)
      .toBe(429);
    const refused = await ask('application/json');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    const answer = await ask('text/event-stream');
    expect(answer.status).toBe(200);
    const { events, retry } = readEventStream(await answer.bytes());
    expect(events).toMatchObject([{ event: 'stream-close', data: '{"reason":"shutdown","reconnect":true}' }]);
    expect(retry).toBeGreaterThanOrEqual(1_000);
  });

  it('holds by address where no identity is needed, and never for health and readiness', async () => {
    await expect
      .poll(async () => (await fetch(`${live.url}/demo/players`)).status, { interval: 1 })
      .toBe(429);
    for (let round = 0; round < 20; round += 1) {
      expect((await fetch(`${live.url}/health`)).status).toBe(200);
      expect((await fetch(`${live.url}/ready`)).status).toBe(200);
    }
  });
});
