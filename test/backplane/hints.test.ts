import { describe, expect, test } from 'vitest';
import type { Backplane } from '../../src/backplane/backplane.ts';
import { Hints } from '../../src/backplane/hints.ts';
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
    hints.head(1);
    await until(() => messages.length === 1);
    for (let head = 2; head <= 10_000; head++) {
      hints.head(head);
      hints.access(head);
      hints.commands(`node-${head}`);
    }
    next();
    await until(() => messages.length === 2);
    const merged = JSON.parse(messages[1] as string);
    expect(merged).toMatchObject({ from: 'a', head: 10_000, users: 'any' });
    expect(merged.nodes).toHaveLength(500);
    next();
    await until(() => hints.stats.sent === 2);
  });

  test('are dropped where the broker does not take them, and later ones are sent', async () => {
    const { backplane, messages, next } = slowBroker();
    const hints = new Hints('a');
    hints.connect(backplane);
    hints.head(1);
    await until(() => messages.length === 1);
    next(new Error('full'));
    await until(() => hints.stats.lost === 1);
    hints.head(2);
    await until(() => messages.length === 2);
    expect(JSON.parse(messages[1] as string)).toEqual({ from: 'a', head: 2 });
  });

  test('reach the listeners of other nodes, and commands the node that they are for', () => {
    const heard: unknown[] = [];
    const hints = new Hints('b');
    hints.on({
      head: (head) => heard.push(['head', head]),
      commands: () => heard.push(['commands']),
      access: (users) => heard.push(['access', users]),
    });
    hints.receive('{"from":"a","head":7,"nodes":["b"],"users":[3]}');
    hints.receive('{"from":"a","nodes":["c"],"users":"any"}');
    hints.receive('{"from":"b","head":9,"nodes":["b"],"users":[4]}');
    expect(heard).toEqual([['head', 7], ['commands'], ['access', [3]], ['access', undefined]]);
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
    hints.on({ head: () => expect.unreachable(), access: () => expect.unreachable() });
    hints.receive(text);
    expect(hints.stats).toMatchObject({ received: 0, rejected: 1 });
  });
});
