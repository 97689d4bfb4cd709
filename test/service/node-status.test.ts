import { EventSource } from 'eventsource';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { EventData } from '../../src/protocol/event.ts';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';

type Status = EventData<'NODE_STATUS'>;

describe('Operators who watch', () => {
  const live = prepareService();
  let admin: string;

  beforeAll(async () => {
    admin = await live.token(await createUser(live.test.database, { role: 'ADMIN' }));
  });

  const reported = async () =>
    (await live.test.database.query("SELECT id FROM notification WHERE type = 'NODE_STATUS'")).length;

  it('read how each node is doing: streams, events, deliveries, latency and the busiest scopes', async () => {
    const player = await createPlayer(live.test.database);
    const listener = listen(`${live.url}/streams/players/me`, await live.token(player.userId));
    await listener.ready();
    expect(await reported()).toBe(0);

    const statuses: Status[] = [];
    const source = new EventSource(`${live.url}/streams?scope=ops`, {
      fetch: (input, init) =>
        fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${admin}` } }),
    });
    source.addEventListener('node-status', (event) => statuses.push(JSON.parse(event.data).data));
    const sum = (of: (status: Status) => number) => statuses.reduce((total, status) => total + of(status), 0);
    await vi.waitFor(() => expect(statuses.length).toBeGreaterThan(0));

    await live.publish([note(player.playerId, 'one'), note(player.playerId, 'two')]);
    await vi.waitFor(() => expect(listener.received).toHaveLength(2));
    await vi.waitFor(() => expect(sum(({ deliveries }) => deliveries)).toBeGreaterThanOrEqual(2));
    const last = statuses.at(-1) as Status;
    expect(last.streams).toBe(2);
    expect(last.scopes).toContainEqual({ scope: `player:${player.playerId}`, streams: 1 });
    expect(last.lagRows).toBe(0);
    expect(statuses.some(({ latency }) => latency !== null && latency.p50 <= latency.p99)).toBe(true);
    source.close();
    listener.close();
  });
});
