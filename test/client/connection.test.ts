import { beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { ConnectionOptions } from '../../src/client/connection-options.ts';
import { LiveError } from '../../src/client/live-error.ts';
import type { ConnectionStatus, PageChange } from '../../src/client/types.ts';
import { createScriptedTransport, type ScriptedTransport } from '../support/client/scripted-transport.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';

const refusal = () => new LiveError('forbidden', 'no', { status: 403 });
const loss = () => new LiveError('network', 'broken');

describe('A connection', () => {
  let clock: ManualClock;
  let transport: ScriptedTransport;
  let statuses: ConnectionStatus[];
  let seen: string[];
  let problems: LiveError[];
  let pageLifecycle: { online: boolean; watch: () => () => void };
  let connection: Connection;
  let onBegin = () => {};

  const status = () => statuses.at(-1) as ConnectionStatus;
  const titles = () => seen.filter((name) => /^\d+$/.test(name));

  function create(options: Partial<ConnectionOptions> = {}) {
    connection = new Connection({
      transport,
      scopes: ['player:me'],
      cursor: () => undefined,
      clock,
      random: () => 0.5,
      backoff: { firstMs: 1_000, mostMs: 30_000 },
      silentHeartbeats: 2.5,
      pageLifecycle,
      hasTokens: true,
      serverNow: () => clock.now(),
      extend: async () => '2100-01-01T00:00:00.000Z',
      listener: {
        begin: ({ streamId }) => {
          seen.push(streamId);
          onBegin();
        },
        frame: ({ event, data }) => seen.push(event === 'announcement' ? JSON.parse(data).title : event),
        comment: () => {},
        status: (one) => statuses.push(one),
        problem: (error) => problems.push(error),
      },
      ...options,
    });
    return connection;
  }

  function opened(options: Partial<ConnectionOptions> = {}) {
    create(options).connect();
    transport.last.open();
    transport.last.caughtUp();
    expect(status().state).toBe('open');
  }

  beforeEach(() => {
    clock = createManualClock();
    transport = createScriptedTransport();
    statuses = [];
    seen = [];
    onBegin = () => {};
    problems = [];
    pageLifecycle = { online: true, watch: () => () => {} };
  });

  it('resumes at its cursor after a loss, having waited, longer each time', () => {
    opened();
    transport.last.announce(101);
    const waits: number[] = [];
    for (let round = 0; round < 4; round++) {
      transport.last.events.ended(loss());
      expect(status().state).toBe('waiting');
      waits.push((status().retryAt ?? 0) - clock.now());
      clock.pass(waits.at(-1) ?? 0);
      expect(status().state).toBe('connecting');
      expect(transport.last.request.cursor).toBe('101-test');
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
    expect(status().failures).toBe(4);
    transport.last.open();
    transport.last.caughtUp();
    expect(status()).toMatchObject({ state: 'open', failures: 0, error: undefined });
  });

  it('waits as long as `retry:` or Retry-After ask', () => {
    opened();
    transport.last.events.retry(7_000);
    transport.last.events.ended(loss());
    expect(status().retryAt).toBe(clock.now() + 7_000);
    clock.pass(7_000);
    transport.last.events.ended(new LiveError('overloaded', 'full', { status: 503, retryAfterMs: 9_000 }));
    expect(status().retryAt).toBe(clock.now() + 9_000);
  });

  it('does as `stream-close` says', () => {
    opened();
    transport.last.close('shutdown', true);
    expect(status()).toMatchObject({ state: 'waiting', closeReason: 'shutdown' });
    clock.pass(60_000);
    transport.last.open();
    transport.last.caughtUp();
    expect(status().closeReason).toBeUndefined();
    transport.last.close('revoked', false);
    expect(status()).toMatchObject({ state: 'closed', closeReason: 'revoked' });
    clock.pass(600_000);
    expect(status().state).toBe('closed');
    expect(clock.waiting).toBe(0);
  });

  it('gives up on what will not change, and not on what passes', () => {
    for (const [code, httpStatus, state] of [
      ['invalid-type', 400, 'closed'],
      ['forbidden', 403, 'closed'],
      ['not-found', 404, 'closed'],
      ['upgrade-unsupported', 426, 'closed'],
      ['stream-on-busy-connection', 400, 'waiting'],
      ['superseded', 409, 'waiting'],
      ['internal', 500, 'waiting'],
      ['overloaded', 503, 'waiting'],
    ] as const) {
      create().connect();
      transport.last.events.ended(new LiveError(code, 'no', { status: httpStatus }));
      expect([code, status().state]).toEqual([code, state]);
      connection.close();
    }
  });

  it('waits out whatever is not the service’s own word, however final it sounds', () => {
    for (const httpStatus of [200, 204, 301, 400, 401, 403, 404, 405, 410, 451, 500, 502]) {
      create({ hasTokens: false }).connect();
      transport.last.events.ended(new LiveError('unexpected-answer', 'no', { status: httpStatus }));
      expect([httpStatus, status().state]).toEqual([httpStatus, 'waiting']);
      connection.close();
    }
  });

  it('notices silence after 2.5 heartbeats, and no earlier', () => {
    opened();
    clock.pass(24_000);
    transport.last.events.activity('keepalive 100-test');
    clock.pass(24_999);
    expect(status().state).toBe('open');
    clock.pass(1);
    expect(status()).toMatchObject({ state: 'waiting', error: { code: 'silent' } });
    expect(transport.last.cancelled).toBe(true);
  });

  it('notices silence at once when the machine wakes up', () => {
    opened();
    // Timers stood still, the time went on.
    const late = clock.now() + 3_600_000;
    clock.now = () => late;
    connection.pageChanged('visible');
    expect(status().state).toBe('connecting');
  });

  it('asks for a stream afresh where silence is no proof, and keeps the old one until the new one is there', () => {
    transport = createScriptedTransport(false);
    opened();
    const [old] = transport.streams;
    clock.pass(99_999);
    expect(transport.streams).toHaveLength(1);
    clock.pass(1);
    expect(transport.streams).toHaveLength(2);
    expect(old?.cancelled).toBe(false);
    expect(status().state).toBe('open');
    transport.last.open();
    expect(old?.cancelled).toBe(true);
    transport.last.caughtUp();
    expect(status().state).toBe('open');
  });

  it('takes the silence for real when the fresh stream fails as well', () => {
    transport = createScriptedTransport(false);
    opened();
    clock.pass(100_000);
    transport.last.events.ended(loss());
    expect(status().state).toBe('waiting');
    expect(transport.streams.every(({ cancelled }) => cancelled)).toBe(true);
  });

  it('begins anew when the fresh stream is refused: the silent one is no longer watched', () => {
    transport = createScriptedTransport(false);
    opened();
    clock.pass(100_000);
    transport.last.events.ended(refusal());
    expect(transport.streams[0]?.cancelled).toBe(true);
    expect(status().state).toBe('connecting');
    expect(transport.last.request).toMatchObject({ scopes: ['player:me'], cursor: '100-test' });
    transport.last.events.ended(refusal());
    expect(status()).toMatchObject({ state: 'closed', error: { code: 'forbidden' } });
  });

  it('gives up a stream that does not begin', () => {
    create().connect();
    clock.pass(30_000);
    expect(status()).toMatchObject({ state: 'waiting', error: { code: 'silent' } });
  });

  it('replaces a refused token once per attempt', () => {
    create().connect();
    const refused = () => new LiveError('token-expired', 'late', { status: 401 });
    transport.last.events.ended(refused());
    expect(status().state).toBe('connecting');
    expect(transport.last.request.tokenReason).toBe('refused');
    transport.last.events.ended(refused());
    expect(status()).toMatchObject({ state: 'closed', error: { code: 'token-expired' } });
    expect(transport.streams).toHaveLength(2);
  });

  it('does not ask for another token where there are none', () => {
    create({ hasTokens: false }).connect();
    transport.last.events.ended(new LiveError('token-missing', 'no', { status: 401 }));
    expect(status().state).toBe('closed');
    expect(transport.streams).toHaveLength(1);
  });

  it('asks for a longer token when the last one ended', () => {
    opened();
    transport.last.close('expired', true);
    clock.pass(1_000);
    expect(transport.last.request.tokenReason).toBe('expiring');
  });

  it('goes offline and comes back, and does not take the browser’s word for ever', () => {
    opened();
    const change = (online: boolean) => {
      pageLifecycle.online = online;
      connection.pageChanged((online ? 'online' : 'offline') satisfies PageChange);
    };
    change(false);
    expect(status().state).toBe('offline');
    expect(transport.last.cancelled).toBe(true);
    clock.pass(30_000);
    expect(status().state).toBe('connecting');
    transport.last.events.ended(loss());
    expect(status().state).toBe('offline');
    change(true);
    expect(status().state).toBe('connecting');
    expect(transport.last.request.cursor).toBe('100-test');
  });

  it('tries at once when the page becomes visible again', () => {
    opened();
    transport.last.events.ended(loss());
    connection.pageChanged('visible');
    expect(status().state).toBe('connecting');
  });

  it('is over, timers and all, when it is closed by a handler of the stream’s begin', async () => {
    let extended = 0;
    const listener = {
      begin: () => connection.close(),
      frame: () => {},
      comment: () => {},
      status: (one: ConnectionStatus) => statuses.push(one),
      problem: () => {},
    };
    create({ listener, extend: async () => `${++extended}` }).connect();
    transport.last.open(undefined, { expiresAt: new Date(clock.now() + 60_000).toISOString() });
    expect(status().state).toBe('closed');
    expect(clock.waiting).toBe(0);
    clock.pass(3_600_000);
    expect(extended).toBe(0);
  });

  it('keeps the cursor of an answer that only asks to come back', () => {
    create().connect();
    transport.last.close('shutdown', true);
    clock.pass(60_000);
    expect(transport.last.request.cursor).toBe('100-test');
  });

  describe('that changes its scopes', () => {
    it('opens the new stream at the cursor, and lets the old one go once it has begun', async () => {
      opened();
      const [old] = transport.streams;
      old?.announce(101);
      const changed = connection.renew(['player:me', 'contest:1']);
      const successor = transport.last;
      expect(successor.request).toMatchObject({ scopes: ['player:me', 'contest:1'], cursor: '101-test' });
      old?.announce(102);
      expect(old?.cancelled).toBe(false);
      successor.open('101-test');
      await changed;
      expect(old?.cancelled).toBe(true);
      old?.announce(103);
      successor.announce(103);
      // Its subscribers drop what both streams brought.
      expect(titles()).toEqual(['101', '102', '103']);
      expect(connection.cursor).toBe('103-test');
    });

    it('begins where the change was asked for when the old stream is lost meanwhile', async () => {
      opened();
      const [old] = transport.streams;
      old?.announce(101);
      const changed = connection.renew(['player:me', 'contest:1']);
      old?.announce(102);
      old?.events.ended(loss());
      expect(status().state).toBe('waiting');
      expect(transport.streams[1]?.cancelled).toBe(true);
      clock.pass(500);
      expect(transport.last.request).toMatchObject({
        scopes: ['player:me', 'contest:1'],
        cursor: '101-test',
      });
      transport.last.open();
      await changed;
      expect(connection.scopes).toEqual(['player:me', 'contest:1']);
    });

    it('keeps what it has when the new stream is refused', async () => {
      opened();
      const changed = connection.renew(['contest:9']);
      transport.last.events.ended(refusal());
      await expect(changed).rejects.toMatchObject({ code: 'forbidden' });
      expect(transport.streams[0]?.cancelled).toBe(false);
      expect(status().state).toBe('open');
      expect(connection.scopes).toEqual(['player:me']);
    });

    it('goes back to what it had when it is refused after the old stream was lost', async () => {
      opened();
      const changed = connection.renew(['contest:9']);
      transport.streams[0]?.events.ended(loss());
      clock.pass(500);
      transport.last.events.ended(refusal());
      await expect(changed).rejects.toMatchObject({ code: 'forbidden' });
      expect(status().state).toBe('connecting');
      expect(transport.last.request.scopes).toEqual(['player:me']);
    });

    it('changes them once more when that is asked for as the new stream begins', async () => {
      opened();
      const first = connection.renew(['global']);
      let second: Promise<void> | undefined;
      const settled: string[] = [];
      onBegin = () => {
        onBegin = () => {};
        second = connection.renew(['contest:1']).then(() => void settled.push('second'));
      };
      transport.last.open();
      await first;
      expect(settled).toEqual([]);
      expect(transport.last.request.scopes).toEqual(['contest:1']);
      transport.last.open();
      await second;
      expect(connection.scopes).toEqual(['contest:1']);
    });

    it('tries again while the old stream goes on', () => {
      opened();
      void connection.renew(['player:me', 'contest:1']);
      transport.last.events.ended(loss());
      expect(status().state).toBe('open');
      clock.pass(500);
      expect(transport.streams).toHaveLength(3);
      expect(transport.last.request).toMatchObject({ cursor: '100-test' });
    });

    it('tries less and less often while it does not get through', () => {
      opened();
      void connection.renew(['player:me', 'contest:1']);
      const waits: number[] = [];
      for (let round = 0; round < 7; round++) {
        transport.last.events.ended(loss());
        const [asked, since] = [transport.streams.length, clock.now()];
        while (transport.streams.length === asked) clock.pass(100);
        waits.push(clock.now() - since);
        transport.streams[0]?.events.activity();
      }
      expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
      expect(status().state).toBe('open');
    });

    it('is not over when the service let the old stream go in favour of its own new one', async () => {
      opened();
      const changed = connection.renew(['player:me', 'contest:1']);
      transport.streams[0]?.close('replaced', false);
      expect(status()).toMatchObject({ state: 'waiting', closeReason: 'replaced' });
      clock.pass(60_000);
      expect(transport.last.request).toMatchObject({ scopes: ['player:me', 'contest:1'] });
      transport.last.open();
      await changed;
      transport.last.close('replaced', false);
      expect(status().state).toBe('closed');
    });

    it('connects with what it was made with when other scopes, asked for meanwhile, are refused', async () => {
      create().connect();
      const changed = connection.renew(['player:me', 'contest:9']);
      transport.last.events.ended(refusal());
      await expect(changed).rejects.toMatchObject({ code: 'forbidden' });
      expect(transport.last.request.scopes).toEqual(['player:me']);
      transport.last.open();
      transport.last.caughtUp();
      expect(status()).toMatchObject({ state: 'open', error: undefined });
    });

    it('takes the last of several changes, and begins where the first was asked for', async () => {
      opened();
      const first = connection.renew(['player:me', 'contest:1']);
      transport.streams[0]?.announce(101);
      const second = connection.renew(['player:me', 'contest:2']);
      expect(transport.streams[1]?.cancelled).toBe(true);
      expect(transport.last.request).toMatchObject({
        scopes: ['player:me', 'contest:2'],
        cursor: '100-test',
      });
      transport.last.open();
      await Promise.all([first, second]);
    });

    it('connects with them where it had not connected yet', async () => {
      create();
      const changed = connection.renew(['global']);
      expect(transport.streams).toHaveLength(0);
      connection.connect();
      expect(transport.streams).toHaveLength(1);
      transport.last.open();
      await changed;
      expect(transport.last.request.scopes).toEqual(['global']);
    });

    it('rejects waiting callers when it is closed', async () => {
      opened();
      const changed = connection.renew(['global']);
      connection.close();
      await expect(changed).rejects.toMatchObject({ code: 'closed' });
      await expect(connection.renew(['global'])).rejects.toMatchObject({ code: 'closed' });
    });
  });

  it('is closed when it is another player who comes back: the cookie is another player’s now', () => {
    opened({ hasTokens: false });
    transport.last.events.ended(loss());
    clock.pass(500);
    transport.last.open(undefined, { scopes: ['player:8'] });
    transport.last.announce(101, 'player:8');
    expect(status()).toMatchObject({ state: 'closed', error: { code: 'identity-changed' } });
    expect(transport.last.cancelled).toBe(true);
    expect(titles()).toEqual([]);
    expect(seen).toEqual(['stream-1', 'caught-up']);
  });

  describe('whose token ends', () => {
    const at = (ms: number) => new Date(1_700_000_000_000 + ms).toISOString();

    it('extends the stream ahead of time, again and again', async () => {
      const asked: string[] = [];
      create({
        extend: async (streamId, reason) => {
          asked.push(`${streamId} ${reason} ${clock.now() - 1_700_000_000_000}`);
          return at(600_000 * (asked.length + 1));
        },
      }).connect();
      transport.last.open(undefined, { expiresAt: at(600_000), heartbeatMs: 10_000_000 });
      clock.pass(540_000);
      await Promise.resolve();
      await Promise.resolve();
      clock.pass(600_000);
      expect(asked).toEqual(['stream-1 expiring 540000', 'stream-1 expiring 1140000']);
    });

    it('tries again while there is time, and reports what went wrong', async () => {
      let calls = 0;
      create({
        extend: async () => {
          calls++;
          throw loss();
        },
      }).connect();
      transport.last.open(undefined, { expiresAt: at(600_000), heartbeatMs: 10_000_000 });
      for (let step = 0; step < 100; step++) {
        clock.pass(6_500);
        await Promise.resolve();
        await Promise.resolve();
      }
      expect(calls).toBeGreaterThan(2);
      expect(calls).toBeLessThan(10);
      expect(problems).toHaveLength(calls);
      expect(status().state).toBe('catching-up');
    });
  });
});
