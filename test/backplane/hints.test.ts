import { describe, expect, test } from 'vitest';
import type { Backplane } from '../../src/backplane/backplane.ts';
import { Hints } from '../../src/backplane/hints.ts';
import { Signature } from '../../src/backplane/signature.ts';
import { until } from '../support/until.ts';

/** A broker that takes one message at a time, when the test says so. */
function slowBroker() {
  const messages: string[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  const backplane: Backplane = {
    status: 'up',
    publish: (message) =>
      new Promise((resolve, reject) => {
        messages.push(message);
        waiting.push((error) => (error ? reject(error) : resolve()));
      }),
    close: async () => {},
  };
  return { backplane, messages, next: (error?: Error) => waiting.shift()?.(error) };
}

describe('hints', () => {
  test('that cannot be sent yet are merged into one message, however many there are', async () => {
    const { backplane, messages, next } = slowBroker();
    const hints = new Hints('a');
    hints.connect(backplane);
    hints.sendAppended(1);
    await until(() => messages.length === 1);
    for (let head = 2; head <= 10_000; head++) {
      hints.sendAppended(head);
      hints.sendAccess(head);
      hints.sendCommands(`node-${head}`);
    }
    next();
    await until(() => messages.length === 2);
    const merged = JSON.parse(messages[1] as string);
    expect(merged).toMatchObject({ from: 'a', head: 10_000, users: 'any' });
    expect(merged.nodes).toHaveLength(250);
    next();
    await until(() => hints.stats.sent === 2);
  });

  test('are dropped where the broker does not take them, and later ones are sent', async () => {
    const { backplane, messages, next } = slowBroker();
    const hints = new Hints('a');
    hints.connect(backplane);
    hints.sendAppended(1);
    await until(() => messages.length === 1);
    next(new Error('full'));
    await until(() => hints.stats.lost === 1);
    hints.sendAppended(2);
    await until(() => messages.length === 2);
    expect(JSON.parse(messages[1] as string)).toEqual({ from: 'a', head: 2 });
  });

  test('reach the listeners of other nodes, and commands the node that they are for', () => {
    const seen: unknown[] = [];
    const hints = new Hints('b');
    hints.on({
      appended: (head) => seen.push(['head', head]),
      commands: () => seen.push(['commands']),
      access: (users) => seen.push(['access', users]),
    });
    hints.receive('{"from":"a","head":7,"nodes":["b"],"users":[3]}');
    hints.receive('{"from":"a","nodes":["c"],"users":"any"}');
    hints.receive('{"from":"b","head":9,"nodes":["b"],"users":[4]}');
    expect(seen).toEqual([['head', 7], ['commands'], ['access', [3]], ['access', undefined]]);
  });

  describe('with commits', () => {
    const commit = (lastId: number, length = 10) => ({
      lastId,
      text: JSON.stringify(['x'.repeat(length), lastId]),
    });
    const signature = (key = 'secret', channel = 'here') => new Signature(Buffer.from(key), channel);

    /** What the second node is given of the messages of the first. */
    function pair(other = signature()) {
      const { backplane, messages, next } = slowBroker();
      const sender = new Hints('a', signature());
      sender.connect(backplane);
      const receiver = new Hints('b', other);
      const received: [number, readonly unknown[]][] = [];
      receiver.on({ appended: (head, commits) => received.push([head, commits]) });
      return { sender, receiver, messages, next, received };
    }

    test('give them to the other node as they were signed', async () => {
      const { sender, receiver, messages, received } = pair();
      sender.sendAppended(7, [commit(6), commit(7)]);
      await until(() => messages.length === 1);
      receiver.receive(messages[0] as string);
      expect(received).toEqual([
        [
          7,
          [
            ['xxxxxxxxxx', 6],
            ['xxxxxxxxxx', 7],
          ],
        ],
      ]);
    });

    test.each([
      ['another secret', signature('other')],
      ['another channel', signature('secret', 'there')],
    ])('are hints without them to a node with %s', async (_, other) => {
      const { sender, receiver, messages, received } = pair(other);
      sender.sendAppended(7, [commit(7)]);
      await until(() => messages.length === 1);
      receiver.receive(messages[0] as string);
      expect(received).toEqual([[7, []]]);
      expect(receiver.stats).toMatchObject({ received: 1, unsigned: 1, rejected: 0 });
    });

    test.each([
      ['changed', (text: string) => text.replace('xxx', 'xyx')],
      ['with another signature', (text: string) => text.replace(/"mac":"./, '"mac":"_')],
      ['without a signature', (text: string) => text.replace(/"mac":"[^"]*",/, '')],
    ])('are hints without them where the broker delivers them %s', async (_, change) => {
      const { sender, receiver, messages, received } = pair();
      sender.sendAppended(7, [commit(7)]);
      await until(() => messages.length === 1);
      receiver.receive(change(messages[0] as string));
      expect(received).toEqual([[7, []]]);
      expect(receiver.stats.unsigned).toBe(1);
    });

    test('are spread over messages that every release accepts, each with the head that it covers', async () => {
      const { sender, receiver, messages, next, received } = pair();
      sender.sendAppended(1);
      await until(() => messages.length === 1);
      for (let id = 2; id <= 30; id++) sender.sendAppended(id, [commit(id, 4_000)]);
      sender.sendAccess(5);
      for (let sent = 0; sent < 12 && sender.stats.sent < 12; sent++) {
        next();
        await new Promise(setImmediate);
      }
      expect(messages.every(({ length }) => length <= 16_384)).toBe(true);
      for (const message of messages) receiver.receive(message);
      const commits = received.flatMap(([, all]) => all as [string, number][]);
      expect(commits.map(([, id]) => id)).toEqual(Array.from({ length: 29 }, (_, index) => index + 2));
      for (const [head, all] of received.slice(1)) expect((all.at(-1) as [string, number])[1]).toBe(head);
    });

    test('drop them where the broker is slow, and then hint at the head alone', async () => {
      const { sender, messages, next } = pair();
      sender.sendAppended(1);
      await until(() => messages.length === 1);
      for (let id = 2; id <= 67; id++) sender.sendAppended(id, [commit(id, 4_000)]);
      next();
      await until(() => messages.length === 2);
      expect(JSON.parse(messages[1] as string)).toEqual({ from: 'a', head: 67 });
    });

    test('are not sent without a key', async () => {
      const { backplane, messages } = slowBroker();
      const hints = new Hints('a');
      hints.connect(backplane);
      expect(hints.carriesCommits).toBe(false);
      hints.sendAppended(7, [commit(7)]);
      await until(() => messages.length === 1);
      expect(JSON.parse(messages[0] as string)).toEqual({ from: 'a', head: 7 });
    });
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['no sender', '{"head":1}'],
    ['a head that is no position', '{"from":"a","head":1e300}'],
    ['a text as head', '{"from":"a","head":"1; DROP TABLE notification"}'],
    ['a user that is none', '{"from":"a","users":[{}]}'],
    ['too many users', `{"from":"a","users":[${'1,'.repeat(600)}1]}`],
    ['too much', `{"from":"a","x":"${'x'.repeat(20_000)}"}`],
  ])('are rejected where they are %s', (_, text) => {
    const hints = new Hints('b');
    hints.on({ appended: () => expect.unreachable(), access: () => expect.unreachable() });
    hints.receive(text);
    expect(hints.stats).toMatchObject({ received: 0, rejected: 1 });
  });
});
