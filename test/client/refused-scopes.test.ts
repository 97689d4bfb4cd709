import { beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { ConnectionOptions } from '../../src/client/connection-options.ts';
import { LiveError } from '../../src/client/live-error.ts';
import { fittingUrl, MAX_URL, streamUrl } from '../../src/client/transport.ts';
import type { ConnectionStatus, ScopeInput } from '../../src/client/types.ts';
import { createScriptedTransport, type ScriptedTransport } from '../support/client/scripted-transport.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';

const refusing = (...scopes: ScopeInput[]) => new LiveError('not-found', 'no', { status: 404, scopes });

describe('A connection of whose scopes some are refused', () => {
  let clock: ManualClock;
  let transport: ScriptedTransport;
  let statuses: ConnectionStatus[];
  let problems: LiveError[];
  let connection: Connection;

  const status = () => statuses.at(-1) as ConnectionStatus;
  const named = () => status().refused.map(({ scope, error }) => `${scope} ${error.code}`);
  const asked = () => transport.streams.map(({ request }) => request.scopes.join(' '));
  function create(scopes: readonly ScopeInput[], options: Partial<ConnectionOptions> = {}): void {
    connection = new Connection({
      transport,
      scopes,
      cursor: () => undefined,
      clock,
      random: () => 0.5,
      backoff: { firstMs: 1_000, mostMs: 30_000 },
      silentHeartbeats: 2.5,
      pageLifecycle: { online: true, watch: () => () => {} },
      hasTokens: true,
      serverNow: () => clock.now(),
      extend: async () => '2100-01-01T00:00:00.000Z',
      listener: {
        begin: () => {},
        frame: () => {},
        comment: () => {},
        status: (one) => statuses.push(one),
        problem: (error) => problems.push(error),
      },
      ...options,
    });
    connection.connect();
  }
  function begin(): void {
    transport.last.open();
    transport.last.caughtUp();
  }

  beforeEach(() => {
    clock = createManualClock();
    transport = createScriptedTransport();
    statuses = [];
    problems = [];
  });

  it('receives the rest at once, and names what it does not receive', () => {
    create(['player:me', 'contest:8', 'global', 'contest:9']);
    transport.last.events.ended(refusing('contest:8', 'contest:9'));
    begin();
    expect(asked()).toEqual(['player:me contest:8 global contest:9', 'player:me global']);
    expect(status()).toMatchObject({ state: 'open', failures: 0 });
    expect(named()).toEqual(['contest:8 not-found', 'contest:9 not-found']);
    expect(problems.map(({ scopes }) => scopes)).toEqual([['contest:8', 'contest:9']]);
    // It is not asked for again and again.
    transport.last.events.ended(new LiveError('network', 'broken'));
    clock.pass(1_000);
    begin();
    expect(asked().at(-1)).toBe('player:me global');
    expect(named()).toHaveLength(2);
  });

  it('asks for it again on request, or when it is subscribed to anew', async () => {
    create(['player:me', 'contest:9']);
    transport.last.events.ended(refusing('contest:9'));
    begin();
    const again = connection.retryRefused();
    expect(asked().at(-1)).toBe('player:me contest:9');
    transport.last.events.ended(refusing('contest:9'));
    begin();
    await again;
    expect(named()).toEqual(['contest:9 not-found']);
    void connection.renew(['player:me']);
    begin();
    expect(named()).toEqual([]);
    void connection.renew(['player:me', 'contest:9']);
    expect(asked().at(-1)).toBe('player:me contest:9');
    begin();
    expect(named()).toEqual([]);
    connection.connect();
    expect(asked().at(-1)).toBe('player:me contest:9');
  });

  it('goes on with what it has while it finds out which of the new ones it may receive', async () => {
    create(['player:me']);
    begin();
    const [old] = transport.streams;
    const changed = connection.renew(['player:me', 'contest:8', 'contest:3']);
    transport.last.events.ended(refusing('contest:8'));
    expect(old?.cancelled).toBe(false);
    begin();
    await changed;
    expect(connection.scopes).toEqual(['player:me', 'contest:3']);
    expect(transport.streams).toHaveLength(3);
    expect(named()).toEqual(['contest:8 not-found']);
  });

  it('is closed where all are refused, and opened by others', async () => {
    create(['contest:8']);
    transport.last.events.ended(refusing('contest:8'));
    expect(status()).toMatchObject({ state: 'closed', error: { code: 'not-found' } });
    expect(named()).toEqual(['contest:8 not-found']);
    const changed = connection.renew(['contest:3']);
    expect(status().state).toBe('connecting');
    begin();
    await changed;
    expect(status()).toMatchObject({ state: 'open', refused: [] });
    connection.close();
    await expect(connection.renew(['global'])).rejects.toMatchObject({ code: 'closed' });
  });

  it('is closed where all are refused that it ever had to listen to, and names them', async () => {
    create([]);
    const changed = connection.renew(['contest:8']);
    transport.last.events.ended(refusing('contest:8'));
    await expect(changed).rejects.toMatchObject({ scopes: ['contest:8'] });
    expect(status().state).toBe('closed');
    expect(named()).toEqual(['contest:8 not-found']);
    void connection.renew(['contest:8', 'contest:3']);
    begin();
    expect(asked()).toEqual(['contest:8', 'contest:3']);
    expect(named()).toEqual(['contest:8 not-found']);
  });

  it('takes as many as the service says it takes, the first ones, and names the others once', () => {
    const many = Array.from({ length: 600 }, (_, index): ScopeInput => `contest:${index + 1}`);
    create(many);
    transport.last.events.ended(new LiveError('too-many-scopes', 'many', { status: 400, limit: 500 }));
    begin();
    expect(transport.last.request.scopes).toEqual(many.slice(0, 500));
    expect(named()).toEqual(many.slice(500).map((scope) => `${scope} too-many-scopes`));
    expect(problems.at(-1)).toMatchObject({ code: 'too-many-scopes', scopes: many.slice(500) });
    const said = problems.length;
    void connection.renew(many.slice(1));
    begin();
    expect(transport.last.request.scopes).toEqual(many.slice(1, 501));
    expect(problems).toHaveLength(said);
    // There is room for all of these.
    void connection.renew(many.slice(200));
    begin();
    expect(named()).toEqual([]);
  });

  it('does without one after the other where no limit is said, and does not go round in circles', () => {
    create(['player:me', 'global']);
    for (let round = 0; round < 5 && status().state !== 'closed'; round++)
      transport.last.events.ended(new LiveError('too-many-scopes', 'many', { status: 400 }));
    expect(asked()).toEqual(['player:me global', 'player:me']);
    expect(status().state).toBe('closed');
  });

  it('rests without a scope, and begins with the first that there is', async () => {
    create([]);
    expect(connection.state).toBe('idle');
    expect(transport.streams).toHaveLength(0);
    const changed = connection.renew(['contest:3']);
    expect(status().state).toBe('connecting');
    begin();
    await changed;
    await connection.renew([]);
    expect(status().state).toBe('idle');
    expect(transport.last.cancelled).toBe(true);
    expect(clock.waiting).toBe(0);
    void connection.renew(['contest:4']);
    expect(asked()).toEqual(['contest:3', 'contest:4']);
  });

  it('believes no event stream that is not the service’s', () => {
    create(['player:me']);
    transport.last.events.frame({ event: 'stream-open', id: '', data: '<html>' });
    expect(status()).toMatchObject({ state: 'waiting', error: { code: 'unexpected-answer' } });
    clock.pass(60_000);
    transport.last.events.frame({ event: 'announcement', id: '7', data: '{}' });
    expect(status()).toMatchObject({ state: 'waiting', error: { code: 'unexpected-answer' } });
    clock.pass(60_000);
    transport.last.events.frame({ event: 'stream-close', id: '7', data: 'null' });
    expect(status().state).toBe('waiting');
  });

  it('has found a dead stream and its time to wait when the wall clock was set back', () => {
    let steady = 0;
    const wall = createManualClock();
    create(['player:me'], { clock: { ...wall, now: () => wall.now() - 600_000, elapsed: () => steady } });
    begin();
    wall.now = () => 0;
    steady = 25_001;
    connection.checkTimers();
    expect(status()).toMatchObject({ state: 'waiting', error: { code: 'silent' } });
    steady += 60_000;
    connection.checkTimers();
    expect(status().state).toBe('connecting');
  });
});

describe('The address of a stream', () => {
  const scopes = (count: number): ScopeInput[] =>
    Array.from({ length: count }, (_, index): ScopeInput => `contest:${1_000_000 + index}`);

  it('holds hundreds of scopes within 8 KiB, the player’s own first', () => {
    const base = 'https://live.example.org/live';
    const many: ScopeInput[] = [...scopes(1_000), 'player:me'];
    const fits = fittingUrl(base, undefined, many);
    expect(fits).toBeGreaterThan(450);
    const url = streamUrl(base, [...many.slice(0, fits), 'player:me'], undefined, {
      lastEventId: '9007199254740991-k7f2k7f2',
    });
    expect(url.length).toBeLessThanOrEqual(MAX_URL);
    expect(url).toContain('?scope=player:me,contest:1000000,contest:1000001');
    expect(new URL(url).searchParams.getAll('scope').join()).toMatch(/^player:me,contest:1000000,/);
  });

  it('names few scopes as it always did', () => {
    const { searchParams } = new URL(streamUrl('http://x', ['global', 'player:me'], ['LEVEL_UP']));
    expect(searchParams.getAll('scope')).toEqual(['player:me', 'global']);
    expect(searchParams.get('types')).toBe('LEVEL_UP');
  });
});
