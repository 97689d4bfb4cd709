import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { createService, type Service } from '../../src/service/service.ts';
import { createPlayer, createUser, type PlayerIds } from '../support/database/platform.ts';
import { prepareRedis } from '../support/redis-server.ts';
import { environment, note, startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type DistortingProxy, startDistortingProxy } from '../support/wire/distorting-proxy.ts';
import { readStream } from '../support/wire/raw-stream.ts';

const DOWN = 'Redis is down: nodes find the events of others by polling.';

describe('two nodes with Redis', () => {
  const redis = prepareRedis();
  /** Before the Redis of the second node. */
  let proxy: DistortingProxy;
  let first: TestService;
  let second: Service;
  let secondUrl: string;
  let channel: string;
  let player: PlayerIds;
  let authorization: string;
  const lines: { level: number; msg: string }[] = [];
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    first = await startService({ REDIS_URL: redis.url });
    const logger = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
    proxy = await startDistortingProxy(redis.port);
    const throughProxy = { REDIS_URL: `redis://127.0.0.1:${proxy.port}` };
    second = await createService(loadConfig(environment(first.test.url, throughProxy)), logger);
    secondUrl = `http://127.0.0.1:${await second.listen()}`;
    channel = `codecraft-live:${first.test.database.name}`;
  }, 120_000);
  afterAll(async () => {
    await second.close();
    await first.close();
    await proxy.close();
  });
  beforeEach(async () => {
    player = await createPlayer(first.test.database);
    authorization = `Bearer ${await first.token(player.userId)}`;
    for (const url of [first.url, secondUrl]) await until(async () => !(await warnings(url)).includes(DOWN));
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function warnings(url: string): Promise<string[]> {
    const response = await fetch(`${url}/ready`);
    expect(response.status).toBe(200);
    const { warnings: all } = (await response.json()) as { warnings: string[] };
    return all.filter((warning) => warning.startsWith('Redis'));
  }
  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${secondUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  }
  async function open() {
    const stream = await readStream(`${secondUrl}/streams/players/me`, { authorization });
    closers.push(() => stream.close());
    await until(() => stream.events.some(({ event }) => event === 'stream-open'));
    const titles = () =>
      stream.events.flatMap(({ event, data }) => (event === 'announcement' ? [JSON.parse(data).title] : []));
    return { stream, titles };
  }
  const publish = async (...titles: string[]) => {
    for (const title of titles) expect((await first.publish(note(player.playerId, title))).status).toBe(201);
  };
  /** Writes to the nodes' channel what none of them wrote. */
  const forge = (messages: readonly string[]) =>
    redis.ask(async (client) => {
      for (const message of messages) await client.publish(channel, message);
    });
  /** What the nodes write to their channel from now on. */
  async function overhear(): Promise<Record<string, unknown>[]> {
    const received: Record<string, unknown>[] = [];
    let leave = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    await new Promise<void>((ready) => {
      const done = redis.ask(async (client) => {
        await client.subscribe(channel, (message) => received.push(JSON.parse(message)));
        ready();
        await left;
      });
      closers.push(() => {
        leave();
        return done;
      });
    });
    return received;
  }

  it('send each other their commits, and the other node delivers each once, in order', async () => {
    const received = await overhear();
    const { titles } = await open();
    const all = Array.from({ length: 50 }, (_, index) => `event ${index}`);
    await publish(...all);
    await expect.poll(titles).toEqual(all);
    expect(received.every(({ head }) => Number.isSafeInteger(head))).toBe(true);
    expect(received.length).toBeGreaterThan(0);
    expect(await metric('live_backplane_received')).toBeGreaterThan(0);
    expect(await metric('live_backplane_rows')).toBeGreaterThan(0);
  });

  it('are not led astray by messages that lie, repeat, come in another order or from elsewhere', async () => {
    // The first append of a connection begins a term, and is sent without its rows.
    await publish('earlier');
    const received = await overhear();
    const { stream, titles } = await open();
    await publish('before');
    await until(() => received.length > 0);
    const genuine = received.map((message) => JSON.stringify(message));
    const rejected = await metric('live_backplane_rejected');
    await forge([
      '',
      'garbage',
      '{"from":"x","head":1e15}',
      '{"from":"x","head":9007199254740991}',
      '{"from":"x","head":1}',
      '{"from":"x","head":-1}',
      '{"from":"x","rows":[{"id":2,"title":"forged"}],"head":2}',
      `{"from":"x","users":[${player.userId}]}`,
      '{"from":"x","users":"any","nodes":[]}',
      ...genuine.toReversed(),
      ...genuine,
      ...genuine.map((message) => message.replace('before', 'forged')),
      ...genuine.map((message) => message.replace(/"mac":"..../, '"mac":"AAAA')),
    ]);
    await expect.poll(() => metric('live_backplane_rejected')).toBe(rejected + 3);
    expect(await metric('live_backplane_unsigned')).toBeGreaterThan(0);
    expect(await warnings(secondUrl)).toEqual([
      expect.stringContaining('that no node of this cluster signed'),
    ]);
    expect(lines.filter(({ msg }) => msg.includes('that no node of this cluster signed'))).toHaveLength(1);
    await publish('after');
    await expect.poll(titles).toEqual(['before', 'after']);
    expect(stream.ended).toBe(false);
    expect(await metric('live_log_lag_rows')).toBe(0);
  });

  it('hint at a revocation, at once', async () => {
    const received = await overhear();
    const { stream } = await open();
    const admin = await createUser(first.test.database, { role: 'ADMIN' });
    const revoked = await fetch(`${first.url}/users/${player.userId}/revocations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await first.token(admin)}` },
    });
    expect(revoked.status).toBeLessThan(300);
    await expect
      .poll(() => received.some(({ users }) => Array.isArray(users) && users.includes(player.userId)))
      .toBe(true);
    await until(() => stream.ended);
    expect(stream.events.at(-1)).toMatchObject({ event: 'stream-close' });
    expect((await fetch(`${secondUrl}/notifications`, { headers: { authorization } })).status).toBe(401);
  });

  it('hint at a command for a stream of the other node', async () => {
    const received = await overhear();
    const { stream } = await open();
    const { streamId } = JSON.parse(stream.events[0]?.data ?? '{}');
    await until(
      async () =>
        (await first.test.database.query('SELECT 1 FROM stream_session WHERE stream_id = ?', [streamId]))
          .length > 0,
    );
    const admin = await createUser(first.test.database, { role: 'ADMIN' });
    await fetch(`${first.url}/sessions/${streamId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${await first.token(admin)}` },
    });
    const node = (await (await fetch(`${secondUrl}/health`)).json()).node;
    await expect
      .poll(() => received.some(({ nodes }) => Array.isArray(nodes) && nodes.includes(node)))
      .toBe(true);
    await until(() => stream.ended);
  });

  it.each<[string, () => unknown, () => unknown]>([
    ['is killed and started again', () => redis.kill(), () => redis.start()],
    ['is frozen', async () => redis.freeze(), async () => redis.resume()],
    ...(['silence', 'half-open', 'garbage'] as const).map((kind): [string, () => unknown, () => unknown] => [
      `is behind a partition: ${kind}`,
      async () => proxy.distort({ kind }),
      async () => proxy.distort({ kind: 'none' }),
    ]),
  ])('deliver everything, once and in order, while Redis %s', async (_, fail, recover) => {
    const { titles } = await open();
    await publish('up');
    const from = lines.length;
    await fail();
    await publish('failing');
    await expect.poll(() => warnings(secondUrl)).toContain(DOWN);
    expect(await metric('live_backplane_up')).toBe(0);
    await publish('down');
    await expect.poll(titles).toEqual(['up', 'failing', 'down']);
    await recover();
    await expect.poll(() => warnings(secondUrl)).not.toContain(DOWN);
    await publish('up again');
    await expect.poll(titles).toEqual(['up', 'failing', 'down', 'up again']);
    const said = lines.slice(from).filter(({ msg }) => msg.startsWith('Redis is'));
    expect(said.map(({ level }) => level)).toEqual([40, 30]);
  });

  it('deliver everything, once and in order, while Redis delivers late', async () => {
    closers.push(() => proxy.distort({ kind: 'none' }));
    const { titles } = await open();
    proxy.distort({ kind: 'delay', ms: 300 });
    const all = Array.from({ length: 10 }, (_, index) => `late ${index}`);
    await publish(...all);
    await expect.poll(titles).toEqual(all);
    proxy.distort({ kind: 'none' });
    await publish('in time');
    await expect.poll(titles).toEqual([...all, 'in time']);
  });

  it('deliver everything when Redis is flushed', async () => {
    const { titles } = await open();
    await publish('before');
    await redis.ask((client) => client.flushAll());
    await publish('after');
    await expect.poll(titles).toEqual(['before', 'after']);
  });
});

it('a node starts, serves and closes while there is no Redis', async () => {
  const live = await startService({ REDIS_URL: 'redis://127.0.0.1:1' });
  try {
    const ready = async () => {
      const response = await fetch(`${live.url}/ready`);
      const { warnings } = (await response.json()) as { warnings: string[] };
      return [response.status, warnings.includes(DOWN)];
    };
    await expect.poll(ready).toEqual([200, true]);
    expect((await live.publish(note(1, 'x'))).status).toBe(201);
  } finally {
    await live.close();
  }
});
