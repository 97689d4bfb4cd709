import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { ConnectOptions, LiveClient } from '../../src/client/types.ts';
import { createLocks, createTab } from '../support/browser/tabs.ts';

const OPEN = {
  streamId: 's',
  scopes: ['player:7'],
  requested: null,
  recovered: true,
  heartbeatMs: 10_000,
  expiresAt: '2100-01-01T00:00:00.000Z',
  serverTime: '2023-11-14T22:13:20.000Z',
};
/** `{"id":7}`, without a signature. */
const TOKEN = `x.${btoa('{"id":7}')}.x`;

function eventStream(...frames: readonly (readonly [event: string, data: unknown])[]): Response {
  const text = frames.map(([event, data]) => `id: 1-t\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text.join(''))),
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
const stream = () => eventStream(['stream-open', OPEN], ['caught-up', { replayed: 0 }]);
const html = (status: number) =>
  new Response('<html>Sign in', { status, headers: { 'content-type': 'text/html' } });
const json = (status: number, body: unknown, type = 'application/json') =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
const problem = (status: number, code: string) =>
  json(
    status,
    { type: `urn:codecraft-live:problem:${code}`, title: 't', status, code },
    'application/problem+json',
  );

describe('A client before which something else stands', () => {
  const clients: LiveClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  function start(fetch: typeof globalThis.fetch, options: Partial<ConnectOptions> = {}): LiveClient {
    const client = connect({
      url: 'http://live.test',
      scopes: ['player:me'],
      getToken: () => TOKEN,
      backoff: { firstMs: 1, mostMs: 2 },
      fetch,
      ...options,
    });
    clients.push(client);
    return client;
  }

  it('waits out whatever answers in the place of the service, and is live when the service does', async () => {
    const foreign: (() => Response)[] = [
      ...[400, 401, 401, 403, 404, 405, 410, 502, 200].map((status) => () => html(status)),
      () => new Response(null, { status: 204 }),
      () => json(403, { code: 'forbidden', title: 'Forbidden' }),
      () =>
        json(404, { type: 'about:blank', title: 'Not Found', code: 'not-found' }, 'application/problem+json'),
      () => json(404, { type: 'urn:codecraft-live:problem:not-found', code: 'not-found' }),
      () => json(200, { ok: true }),
      () => eventStream(['stream-open', { hello: 'world' }]),
      () => eventStream(['message', { hello: 'world' }]),
      () => eventStream(['stream-close', 'bye']),
      () => problem(401, 'token-expired'),
    ];
    const client = start(async () => (foreign.shift() ?? stream)());
    await vi.waitFor(() => expect(client.state).toBe('open'));
    expect(foreign).toEqual([]);
  });

  it('waits no more than a minute because something else reports it', async () => {
    for (const answer of [
      () => new Response('down', { status: 503, headers: { 'retry-after': '86400' } }),
      () => new Response('retry: 99999999999\n\n', { headers: { 'content-type': 'text/event-stream' } }),
    ]) {
      const before = Date.now();
      const client = start(async () => answer());
      await vi.waitFor(() => expect(client.state).toBe('waiting'));
      expect(client.status.retryAt).toBeGreaterThanOrEqual(before + 60_000);
      expect(client.status.retryAt).toBeLessThanOrEqual(Date.now() + 60_000);
    }
  });

  it('takes the service’s own word for final', async () => {
    for (const [status, code] of [
      [403, 'account-blocked'],
      [404, 'not-found'],
    ] as const) {
      const client = start(async () => problem(status, code));
      await vi.waitFor(() => expect(client.state).toBe('closed'));
      expect(client.status.error).toMatchObject({ code, status, isFromService: true });
    }
  });

  it('finds out by an EventSource, too, whose word a refusal is', async () => {
    const answers = [html(403), problem(403, 'account-blocked'), problem(403, 'account-blocked')];
    const asked: (string | undefined)[] = [];
    const EventSource = class extends EventTarget {
      onerror = () => {};
      constructor() {
        super();
        queueMicrotask(() => this.onerror());
      }
      close(): void {}
    } as unknown as typeof globalThis.EventSource;
    const client = start(
      async (_url, init) => {
        asked.push(init?.method);
        return answers.shift() ?? html(500);
      },
      { transport: 'eventsource', EventSource, getTicket: () => 'a ticket' },
    );
    await vi.waitFor(() => expect(client.state).toBe('closed'));
    expect(asked).toEqual(['HEAD', 'HEAD', 'GET']);
    expect(client.status.error?.code).toBe('account-blocked');
  });

  it('believes no answer to a plain request that lacks what it must hold', async () => {
    const bodies: unknown[] = [{ ok: true }, [], null, 'x', { items: [] }];
    const client = start(async () => json(200, bodies.shift()), { start: false });
    for (const ask of [
      () => client.api.notifications(),
      () => client.api.counts(),
      () => client.api.contest(3),
      () => client.api.markRead({ throughId: 3 }),
      () => client.api.notifications(),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'unexpected-answer' });
    const silent = start(async () => new Response(null, { status: 204 }), { start: false });
    await expect(silent.api.counts()).rejects.toMatchObject({ code: 'unexpected-answer' });
  });

  it('waits for no answer for ever, and for no token', async () => {
    vi.useFakeTimers();
    try {
      const hanging: Partial<ConnectOptions>[] = [{}, { getToken: () => new Promise<string>(() => {}) }];
      for (const options of hanging) {
        const client = start(() => new Promise(() => {}), { start: false, ...options });
        const answer = expect(client.api.counts()).rejects.toMatchObject({ code: 'silent' });
        await vi.advanceTimersByTimeAsync(20_000);
        await answer;
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes for a token what is one', async () => {
    const given: unknown[] = ['', null, { token: 'x' }, TOKEN];
    const client = start(async () => stream(), { getToken: () => given.shift() as string });
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    await vi.waitFor(() => expect(client.state).toBe('open'));
    expect(errors).toEqual(['no-token', 'no-token', 'no-token']);
  });

  it('shares its connection although the first tokens were not to be had', async () => {
    const locks = createLocks();
    let failures = 3;
    const getToken = async () => {
      if (failures-- > 0) throw new Error('not yet');
      return TOKEN;
    };
    let streams = 0;
    const fetch: typeof globalThis.fetch = async () => {
      streams += 1;
      return stream();
    };
    const tabs = [0, 1].map(() => {
      const tab = createTab(locks);
      return start(fetch, { getToken, share: tab.share, clock: tab.clock });
    });
    const seen: string[] = [];
    tabs[0]?.on('state', ({ state }) => seen.push(state));
    await vi.waitFor(() => expect(tabs.map(({ state }) => state)).toEqual(['open', 'open']));
    expect(seen).toContain('waiting');
    expect(tabs.map(({ status }) => status.role).sort()).toEqual(['follower', 'leader']);
    expect(streams).toBe(1);
  });

  it('does without a storage that is blocked', async () => {
    vi.stubGlobal('sessionStorage', undefined);
    Object.defineProperty(globalThis, 'sessionStorage', {
      configurable: true,
      get: () => {
        throw new DOMException('no', 'SecurityError');
      },
    });
    try {
      const client = start(async () => stream(), { storage: 'session' });
      await vi.waitFor(() => expect(client.state).toBe('open'));
    } finally {
      Reflect.deleteProperty(globalThis, 'sessionStorage');
      vi.unstubAllGlobals();
    }
  });

  it('connects by itself where a browser has channels or locks and forbids their use', async () => {
    const locks = createLocks();
    const tab = createTab(locks);
    const broken: Partial<ConnectOptions>[] = [
      {
        share: {
          locks,
          openChannel: () => {
            throw new DOMException('no', 'SecurityError');
          },
        },
      },
      {
        share: {
          ...tab.share,
          locks: {
            request: () => {
              throw new DOMException('no', 'SecurityError');
            },
          },
        },
      },
    ];
    for (const options of broken) {
      const client = start(async () => stream(), options);
      await vi.waitFor(() => expect(client.state).toBe('open'));
    }
  });
});
