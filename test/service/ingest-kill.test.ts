import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { expectGapless, messagesIn } from '../support/database/log.ts';
import { prepareRedis } from '../support/redis-server.ts';
import { environment } from '../support/service.ts';
import { until } from '../support/until.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli/main.js');
const EVENTS = 6_000;

const made = prepareDatabase();
const redis = prepareRedis();
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

function start(): ChildProcess {
  const child = spawn(process.execPath, [CLI, 'ingest', '--claim-after', '1s'], {
    env: { PATH: process.env.PATH, ...environment(made.url, { REDIS_URL: redis.url }) },
    stdio: 'ignore',
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

it('Consumers that are killed again and again publish every entry of a stream exactly once', async () => {
  const names = Array.from({ length: EVENTS }, (_, index) => `event ${index}`);
  const add = (part: readonly string[]) =>
    redis.ask(async (client) => {
      await Promise.all(
        part.map((message) =>
          client.xAdd('live:events', '*', {
            type: 'ANNOUNCEMENT',
            data: JSON.stringify({ title: 'T', message }),
          }),
        ),
      );
    });
  const count = async () => {
    const [row] = await made.database.query<{ count: number }>('SELECT COUNT(*) AS count FROM notification');
    return Number(row?.count);
  };
  let first = start();
  start();
  for (let round = 0; round < 4; round++) {
    await add(names.slice((round * EVENTS) / 4, ((round + 1) * EVENTS) / 4));
    await until(async () => (await count()) > (round * EVENTS) / 4, 60_000);
    await kill(first);
    first = start();
  }
  await until(async () => (await count()) >= EVENTS, 60_000);
  await until(() => redis.ask(async (client) => (await client.xLen('live:events')) === 0), 60_000);
  expect((await messagesIn(made.database)).toSorted()).toEqual(names.toSorted());
  await expectGapless(made.database);
}, 240_000);
