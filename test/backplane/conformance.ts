import { afterEach, expect, test } from 'vitest';
import type { Backplane, BackplaneOptions, BackplaneStatus } from '../../src/backplane/backplane.ts';
import { until } from '../support/until.ts';

/** What every backplane promises, for brokers that are up. @param open opens one on the channel */
export function conforms(open: (channel: string, options: BackplaneOptions) => Backplane): void {
  const opened: Backplane[] = [];
  let channels = 0;
  afterEach(async () => {
    for (const backplane of opened.splice(0)) await backplane.close();
  });

  async function join(channel: string) {
    const messages: string[] = [];
    const statuses: BackplaneStatus[] = [];
    const backplane = open(channel, {
      onMessage: (message) => messages.push(message),
      onStatus: (status) => statuses.push(status),
    });
    opened.push(backplane);
    await until(() => backplane.status === 'up');
    return { backplane, messages, statuses };
  }
  const newChannel = () => `conformance-${process.pid}-${channels++}`;

  test('reports that it is up, once', async () => {
    const { statuses } = await join(newChannel());
    expect(statuses).toEqual(['up']);
  });

  test('delivers a message to every node, its sender included', async () => {
    const channel = newChannel();
    const [first, second, third] = [await join(channel), await join(channel), await join(channel)];
    await first.backplane.publish('hello');
    await second.backplane.publish('„Ж"\n');
    for (const { messages } of [first, second, third])
      await expect.poll(() => messages).toEqual(['hello', '„Ж"\n']);
  });

  test('keeps channels apart', async () => {
    const [one, other] = [await join(newChannel()), await join(newChannel())];
    await one.backplane.publish('for one');
    await other.backplane.publish('for the other');
    await expect.poll(() => one.messages).toEqual(['for one']);
    await expect.poll(() => other.messages).toEqual(['for the other']);
  });

  test('delivers nothing after it was closed, and refuses to publish', async () => {
    const channel = newChannel();
    const [closed, other] = [await join(channel), await join(channel)];
    await closed.backplane.close();
    await other.backplane.publish('late');
    await until(() => other.messages.length === 1);
    expect(closed.messages).toEqual([]);
    await expect(closed.backplane.publish('too late')).rejects.toThrow();
  });
}
