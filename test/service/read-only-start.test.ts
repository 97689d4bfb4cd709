import { expect, onTestFinished, test } from 'vitest';
import { createPlayer } from '../support/database/platform.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';
import { accountWithRightsPerTable, prepareServer } from '../support/service-on-server.ts';
import { until } from '../support/until.ts';
import { readStream } from '../support/wire/raw-stream.ts';

const own = prepareServer(accountWithRightsPerTable);

/** Starts another node on the same database. */
async function startNode(): Promise<TestService> {
  const node = await startServiceOn({ ...own.live.test, drop: async () => {} });
  onTestFinished(() => node.close());
  return node;
}

async function readOnly(): Promise<void> {
  await own.admin.execute('SET GLOBAL read_only = 1');
  onTestFinished(async () => {
    await own.admin.execute('SET GLOBAL read_only = 0');
  });
}

const titlesOf = ({ events }: Awaited<ReturnType<typeof readStream>>) =>
  events
    .filter(({ event }) => event === 'announcement')
    .map(({ data }) => (JSON.parse(data) as { title: string }).title);

test('a start on a read-only server serves streams, and /ready reports that publishing does not work', async () => {
  const { playerId, userId } = await createPlayer(own.admin);
  for (const title of ['a', 'b']) expect((await own.live.publish(note(playerId, title))).status).toBe(201);
  const token = await own.live.token(userId);
  await own.live.service.close();
  await readOnly();
  const node = await startNode();
  const open = (lastEventId: string) =>
    readStream(`${node.url}/streams?scope=player:me&lastEventId=${lastEventId}`, {
      authorization: `Bearer ${token}`,
    });

  const stream = await open('earliest');
  await until(() => titlesOf(stream).length === 2);
  expect(titlesOf(stream)).toEqual(['a', 'b']);
  // A cursor that the log has to be read for behind the head's lock.
  const [id, term] = stream.events.at(-1)?.lastEventId.split('-') ?? [];
  const beyond = await open(`${Number(id) + 1_000}-${term}`);
  await until(() => beyond.events.length > 0);
  expect(JSON.parse(beyond.events[0]?.data ?? '')).toMatchObject({ recovered: false });
  for (const opened of [stream, beyond]) opened.close();

  await expect
    .poll(async () => {
      const response = await fetch(`${node.url}/ready`);
      return { status: response.status, ...((await response.json()) as { checks: object }).checks };
    })
    .toMatchObject({
      status: 503,
      database: 'ok',
      follower: 'ok',
      publishing: 'the database cannot store (error 1290)',
    });
  expect((await node.publish(note(playerId, 'refused'))).status).toBe(503);
});

test('rows that end below the head, as an earlier start has found them, do not prevent a start on a read-only server', async () => {
  const writable = await startNode();
  const { playerId } = await createPlayer(own.admin);
  for (const title of ['kept', 'lost'])
    expect((await writable.publish(note(playerId, title))).status).toBe(201);
  await writable.service.close();
  await own.admin.execute('DELETE FROM notification ORDER BY id DESC LIMIT 1');
  await (await startNode()).service.close();
  await readOnly();
  const node = await startNode();
  await expect.poll(async () => (await fetch(`${node.url}/health`)).status).toBe(200);
});
