import { afterEach, describe, expect, test } from 'vitest';
import type { BackplaneStatus } from '../../src/backplane/backplane.ts';
import { RedisBackplane } from '../../src/backplane/redis.ts';
import { startDatabaseProxy } from '../support/database/database-proxy.ts';
import { prepareRedis, startRedis } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { conforms } from './conformance.ts';

const redis = prepareRedis();

describe('a backplane over Redis', () => {
  conforms((channel, options) => new RedisBackplane({ url: redis.url, channel, ...options }));
});

describe('when Redis fails', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  function open(url = redis.url) {
    const messages: string[] = [];
    const changes: BackplaneStatus[] = [];
    const backplane = new RedisBackplane({
      url,
      channel: 'faults',
      onMessage: (message) => messages.push(message),
      onStatus: (status) => changes.push(status),
    });
    closers.push(() => backplane.close());
    return { backplane, messages, changes };
  }

  async function expectMessages({ backplane, messages }: ReturnType<typeof open>): Promise<void> {
    const before = messages.length;
    await until(() => backplane.status === 'up');
    await backplane.publish('again');
    await until(() => messages.length > before);
  }

  test('it comes up when Redis does', async () => {
    const late = await startRedis({ started: false });
    closers.push(() => late.stop());
    const opened = open(late.url);
    await until(() => opened.changes.length > 0);
    await expect(opened.backplane.publish('lost')).rejects.toThrow();
    await late.start();
    await expectMessages(opened);
    expect(opened.changes).toEqual(['down', 'up']);
  });

  test('it recovers from a restart, and reports each change once', async () => {
    const opened = open();
    await expectMessages(opened);
    await redis.kill();
    await until(() => opened.changes.length === 2);
    await redis.start();
    await expectMessages(opened);
    expect(opened.changes).toEqual(['up', 'down', 'up']);
  });

  test('it notices that Redis is frozen, refuses at once from then on, and recovers', async () => {
    const opened = open();
    await expectMessages(opened);
    redis.freeze();
    await until(() => opened.backplane.status === 'down');
    await expect(opened.backplane.publish('lost')).rejects.toThrow('not connected');
    redis.resume();
    await expectMessages(opened);
  });

  test('it notices a partition that closes no connection', async () => {
    const proxy = await startDatabaseProxy(`mysql://u:p@127.0.0.1:${redis.port}/x`);
    closers.push(() => proxy.close());
    const opened = open(`redis://127.0.0.1:${new URL(proxy.url).port}`);
    await expectMessages(opened);
    proxy.freeze();
    await until(() => opened.backplane.status === 'down');
    await proxy.restore();
    await expectMessages(opened);
  });

  test('it holds a bounded number of messages that Redis does not take', async () => {
    const opened = open();
    await expectMessages(opened);
    redis.freeze();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1_000 }, () => opened.backplane.publish('x'.repeat(1_000))),
    );
    redis.resume();
    const reasons = outcomes.map((one) => (one.status === 'rejected' ? String(one.reason) : 'taken'));
    expect(reasons.filter((reason) => reason.includes('keep up')).length).toBeGreaterThan(900);
    await expectMessages(opened);
  });
});
