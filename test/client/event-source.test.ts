import { EventSource as Polyfill } from 'eventsource';
import { describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import { open, record } from '../support/client/recording.ts';
import { createContest } from '../support/database/platform.ts';
import { note } from '../support/service.ts';
import { startCuttingProxy } from '../support/wire/cutting-proxy.ts';
import { prepareClients } from './fixture.ts';

// A browser's own, as far as the client sees it: no headers, no status.
const EventSource = Polyfill as unknown as typeof globalThis.EventSource;

describe('A client by EventSource', { timeout: 60_000 }, () => {
  const clients = prepareClients({}, { transport: 'eventsource', EventSource });
  const { live, start } = clients;

  it('buys a ticket for each stream and resumes at its cursor over cuts', async () => {
    let cutting = true;
    const proxy = await startCuttingProxy(live.url, () => (cutting ? 1_500 : undefined));
    const client = start({ url: proxy.url, getToken: () => clients.token });
    const received = record(client);
    await open(client);
    const sent: string[] = [];
    while (received.opened.length < 8) {
      sent.push(`${sent.length}`);
      await live.publish(note(clients.player.playerId, sent.at(-1) as string));
    }
    cutting = false;
    await vi.waitFor(() => expect(received.notifications.length).toBeGreaterThanOrEqual(sent.length));
    expect(received.titles()).toEqual(sent);
    client.close();
    await proxy.close();
  });

  it('takes tickets of the application’s own', async () => {
    const contest = await createContest(live.test.database);
    const asked: unknown[] = [];
    const client = start({
      scopes: ['player:me', `contest:${contest}`],
      getTicket: async (scopes) => {
        asked.push(scopes);
        const response = await fetch(`${live.url}/tickets`, {
          method: 'POST',
          headers: { authorization: `Bearer ${clients.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ scopes }),
        });
        return ((await response.json()) as { ticket: string }).ticket;
      },
    });
    await open(client);
    await client.setScopes(['player:me']);
    expect(asked).toEqual([['player:me', `contest:${contest}`], ['player:me']]);
    const received = record(client);
    await live.publish(note(clients.player.playerId, 'by ticket'));
    await vi.waitFor(() => expect(received.titles()).toEqual(['by ticket']));
  });

  it('says at once that there is none to be had, where tickets or streams need one', () => {
    vi.stubGlobal('EventSource', undefined);
    const options = { url: live.url, scopes: ['player:me'] } as const;
    expect(() => connect({ ...options, transport: 'eventsource' })).toThrow(/no EventSource/);
    expect(() => connect({ ...options, getTicket: () => 'a ticket' })).toThrow(/no EventSource/);
    vi.unstubAllGlobals();
  });

  it('finds out why it was refused, which an EventSource does not say', async () => {
    const options = { url: live.url, scopes: ['player:me'], transport: 'eventsource', EventSource } as const;
    const client = connect(options);
    await vi.waitFor(() => expect(client.state).toBe('closed'));
    expect(client.status.error).toMatchObject({ code: 'token-missing', status: 401 });
    const barred = connect({ ...options, getTicket: () => 'no.such.ticket' });
    await vi.waitFor(() => expect(barred.state).toBe('closed'));
    expect(barred.status.error?.status).toBe(401);
    client.close();
    barred.close();
  });
});
