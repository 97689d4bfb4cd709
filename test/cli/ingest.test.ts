import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';
import { messagesIn } from '../support/database/log.ts';
import { prepareRedis } from '../support/redis-server.ts';
import { environment } from '../support/service.ts';
import { until } from '../support/until.ts';
import { freePort } from '../support/wire/free-port.ts';
import { run, startCommand } from './command.ts';

const made = prepareDatabase();
const redis = prepareRedis();
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const env = (url = made.url) => environment(url, { REDIS_URL: redis.url, LOG_LEVEL: 'info' });
const add = (stream: string, ...messages: string[]) =>
  redis.ask(async (client) => {
    for (const message of messages)
      await client.xAdd(stream, '*', { type: 'ANNOUNCEMENT', data: JSON.stringify({ title: 'T', message }) });
  });

describe('codecraft-live ingest', () => {
  test('publishes what the example adds, once, and ends', async () => {
    const example = resolve(import.meta.dirname, '../../examples/redis-stream.mjs');
    for (let time = 0; time < 2; time++)
      await promisify(execFile)(process.execPath, [example], {
        env: { ...process.env, REDIS_URL: redis.url, PLAYERS: '7,8,9' },
      });
    const { code, out } = await run(['ingest', '--once'], { env: env() });
    expect(code).toBe(0);
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({ published: 3, duplicates: 3 });
    const solved = await made.database.query(
      "SELECT player_id FROM notification WHERE type = 'PROBLEM_SOLVED' AND scope LIKE 'player:%' ORDER BY id",
    );
    expect(solved).toEqual([{ player_id: 7 }, { player_id: 8 }, { player_id: 9 }]);
  });

  test('says in one line for each change, in /ready and in its metrics, that the database or Redis fails, and publishes everything once', async () => {
    const proxy = await startDatabaseProxy(made.url);
    closers.push(() => proxy.close());
    const port = await freePort();
    const command = startCommand(['ingest', '--stream', 'faulty', '--port', String(port)], {
      env: env(proxy.url),
    });
    closers.push(() => command.stop());
    const ready = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/ready`);
      return [answer.status, ((await answer.json()) as { checks: unknown }).checks];
    };
    const metrics = async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const published = async () =>
      (await messagesIn(made.database)).filter((text) => text.startsWith('event'));
    await command.said('ingesting faulty');
    await add('faulty', 'event 1');
    await until(async () => (await published()).length === 1);
    proxy.freeze();
    await add('faulty', 'event 2', 'event 3');
    await command.said('events cannot be committed');
    expect((await ready())[0]).toBe(503);
    await proxy.restore();
    await command.said('events are committed again');
    await until(async () => (await published()).length === 3);
    redis.freeze();
    await command.said('faulty cannot be read');
    await expect.poll(ready).toEqual([503, { redis: 'down', database: 'ok' }]);
    redis.resume();
    await add('faulty', 'event 4');
    await until(async () => (await published()).length === 4);
    await expect.poll(ready).toEqual([200, { redis: 'ok', database: 'ok' }]);
    expect(await published()).toEqual(['event 1', 'event 2', 'event 3', 'event 4']);
    const metric = async (name: string) =>
      Number(new RegExp(`^live_ingest_${name} (.*)$`, 'm').exec(await metrics())?.[1]);
    // An event whose COMMIT was not answered in time is found to be there, and counts as a duplicate.
    const done = async () => (await metric('published_total')) + (await metric('duplicates_total'));
    await expect.poll(done).toBe(4);
    for (const [name, value] of [
      ['pending', 0],
      ['waiting', 0],
      ['redis_up', 1],
      ['database_up', 1],
    ] as const)
      await expect.poll(() => metric(name)).toBe(value);
    const changes =
      command.out.match(/ingesting faulty|faulty cannot be read|events (?:cannot|are) .*?committed/g) ?? [];
    for (const [bad, good] of [
      ['faulty cannot be read', 'ingesting faulty'],
      ['events cannot be committed', 'events are committed'],
    ]) {
      const own = changes.filter((line) => line === bad || line === good);
      expect(own.filter((line, index) => line === own[index - 1])).toEqual([]);
    }
    expect(await command.stop()).toBe(0);
  }, 90_000);

  test.each([
    ['without Redis', [], { REDIS_URL: '' }, 'REDIS_URL is missing'],
    ['with a time that is none', ['--claim-after', 'soon'], {}, '--claim-after: "soon" is not a time'],
    ['with a port that is none', ['--port', '70000'], {}, '--port: "70000" is not a port'],
  ])('%s is not understood', async (_, args, extra, message) => {
    const { code, err } = await run(['ingest', '--once', ...args], { env: { ...env(), ...extra } });
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
