import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Callers } from '../../src/http/app-env.ts';
import { openDirectly } from '../../src/http/open-directly.ts';
import type { StreamOpeningDeps } from '../../src/http/stream-opening.ts';
import { streamRoutes } from '../../src/http/streams.ts';
import { Problem } from '../../src/protocol/problem.ts';
import { createStreams, EPOCH } from '../stream/fixture.ts';
import { onBothPaths, RUNNING } from './fixture.ts';

/** Identifies callers by the word that is their token, ticket or cookie. */
const authenticate: Callers['authenticate'] = async ({ headers, url }, { admit } = {}) => {
  const cookie = headers.get('cookie')?.replace('token=', '');
  const bearer = headers.get('authorization')?.replace('Bearer ', '');
  const ticket = url.searchParams.get('ticket') ?? undefined;
  const name = bearer ?? ticket ?? cookie;
  if (name === undefined) throw new Problem('token-missing');
  if (name === 'nobody') throw new Problem('token-invalid');
  if (name === 'service') return { kind: 'service', name, expiresAt: new Date(0) };
  if (name === 'broken') throw new TypeError('secret');
  await admit?.({ kind: 'user', userId: 1 });
  return {
    kind: 'user',
    userId: 1,
    playerId: name === 'company' ? undefined : 7,
    role: name === 'admin' ? 'ADMIN' : 'PLAYER',
    name,
    issuedAt: new Date(0),
    expiresAt: new Date(name === 'late' ? 0 : 4e12),
    ...(ticket === undefined ? {} : { ticket: { id: 't', scopes: ['contest:3', 'global'] as const } }),
  };
};

const streams = createStreams();
afterAll(() => streams.close());
let admission: 'free' | 'full' = 'free';
beforeEach(() => {
  admission = 'free';
});
const openings: StreamOpeningDeps = {
  now: Date.now,
  streams,
  plan: async (requested) => {
    if (requested === 'away') throw new Problem('database-unavailable', { retryAfter: 0 });
    if (requested === 'broken') throw new TypeError('secret');
    const lost = requested === undefined ? {} : { lost: { after: null, through: 0 } };
    return () => ({ from: 0, recovered: requested === undefined, ...lost, gapsThrough: 0 });
  },
  grants: {
    async authorise(_: unknown, scopes: readonly { id?: number }[], naming: boolean) {
      const refused = scopes.filter(({ id }) => id === 404);
      if (refused.length > 0)
        throw new Problem('not-found', naming ? { scopes: refused.map(() => 'contest:404' as const) } : {});
    },
  } as unknown as StreamOpeningDeps['grants'],
  addressOf: ({ req, env }) => req.header('x-forwarded-for') ?? env?.incoming?.socket.remoteAddress,
  cursor: () => `0-${EPOCH}`,
  maxScopes: 3,
  admission: {
    enter: async () => {
      if (admission === 'full') throw new Problem('overloaded', { retryAfter: 0 });
      return () => {};
    },
  },
  gzip: true,
};

const paths = onBothPaths({
  authenticate,
  routers: () => [streamRoutes(openings)],
  direct: (deps) => openDirectly({ ...deps, openings }),
});

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): string {
  const all = { Host: 'live.example:8080', Connection: 'close', Authorization: 'Bearer tests', ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === '' ? [] : [`${name}: ${value}\r\n`],
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const EVENT_SOURCE = { Accept: 'text/event-stream' };
const ME = '/streams?scope=player:me';

const PLAIN: Record<string, string> = {
  'a player': get('/streams/players/7'),
  'the own player': get('/streams/players/me'),
  'a contest': get('/streams/contests/3'),
  'a leaderboard': get('/streams/contests/3/leaderboard'),
  'a leaderboard with its cells': get('/streams/contests/3/leaderboard?cells=1'),
  'a problem': get('/streams/problems/5'),
  'all users': get('/streams/global'),
  'several scopes': get(`${ME}&scope=contest:3,contest:3:leaderboard`),
  'encoded scopes': get('/streams?scope=player%3Ame%2ccontest%3a3'),
  'a scope that is named twice': get(`${ME}&scope=player:me&scope=player:7`),
  'an admin': get('/streams/contests/3/leaderboard?cells=1', { Authorization: 'Bearer admin' }),
  'a ticket': get('/streams?ticket=a.b-c_d', { Authorization: '' }),
  'a ticket and scopes': get('/streams?ticket=abc&scope=global', { Authorization: '' }),
  'a cookie': get(ME, { Authorization: '', Cookie: 'token=tests' }),
  types: get(`${ME}&types=LEVEL_UP,RANK_CHANGE`),
  'a cursor in the query': get(`${ME}&lastEventId=0-${EPOCH}`),
  'a cursor in a header': get(`${ME}&lastEventId=1-other`, { 'Last-Event-ID': `0-${EPOCH}` }),
  'an empty cursor': get(`${ME}&lastEventId=`),
  'an allowed origin': get(ME, { Origin: 'https://allowed.example' }),
  'another origin': get(ME, { Origin: 'https://other.example' }),
  'a client that accepts gzip': get(ME, { 'Accept-Encoding': 'br;q=0, gzip' }),
  'an admin who accepts gzip': get(ME, { 'Accept-Encoding': 'gzip', Authorization: 'Bearer admin' }),
  'no credential': get(ME, { Authorization: '' }),
  'a caller who is refused': get(ME, { Authorization: 'Bearer nobody' }),
  'a service': get(ME, { Authorization: 'Bearer service' }),
  'an expired token': get(ME, { Authorization: 'Bearer late' }),
  'a user who does not play': get('/streams/players/me', { Authorization: 'Bearer company' }),
  'a named scope of one who does not play': get(ME, { Authorization: 'Bearer company' }),
  'no scope': get('/streams'),
  'an empty scope': get('/streams?scope='),
  'a malformed scope': get('/streams?scope=contest:x,global'),
  'too many scopes': get('/streams?scope=contest:1,contest:2,contest:3,contest:4'),
  'an unknown type': get(`${ME}&types=LEVEL_UP,OTHER`),
  'no type': get(`${ME}&types=`),
  'an id that is none': get('/streams/contests/0'),
  'an id that is too large': get('/streams/contests/99999999999999999'),
  'me in place of a contest': get('/streams/contests/me'),
  'a scope that does not exist': get('/streams/contests/404'),
  'a named scope that does not exist': get('/streams?scope=contest:404'),
  'a database that is away': get(`${ME}&lastEventId=away`),
  'a database that is away, for an EventSource': get(`${ME}&lastEventId=away`, EVENT_SOURCE),
  'an error of the service': get(`${ME}&lastEventId=broken`, EVENT_SOURCE),
  'an error of authentication': get(ME, { Authorization: 'Bearer broken' }),
};

const ODD: Record<string, string> = {
  HEAD: get(ME, {}, 'HEAD'),
  'another method': get('/streams/global', {}, 'DELETE'),
  OPTIONS: get('/streams/global', { Origin: 'https://allowed.example' }, 'OPTIONS'),
  'HTTP/1.0': get('/streams/global').replace('HTTP/1.1', 'HTTP/1.0'),
  'an unknown path': get('/streams/others/3'),
  'a path that only begins so': get('/streamsome'),
  'a slash at the end': get('/streams/contests/3/'),
  'an encoded path': get('/streams/contests/%33'),
  'a path with dots': get('/streams/problems/../contests/3'),
  'a word in place of an id': get('/streams/contests/x'),
  'an unknown parameter': get(`${ME}&other=1`),
  'a token in the URL': get(`${ME}&token=eyJhbGciOiJIUzI1NiJ9.e30.x`),
  'types twice': get(`${ME}&types=LEVEL_UP&types=RANK_CHANGE`),
  'two cursors': get(`${ME}&lastEventId=1&lastEventId=2`),
  'a parameter without a value': get('/streams?scope'),
  'an empty parameter': get(`${ME}&&types=LEVEL_UP`),
  'a plus sign': get('/streams?scope=a+b'),
  'other encoded characters': get('/streams?scope=contest:%33'),
  'a malformed encoding': get('/streams?scope=%zz'),
  'two credentials': get(ME).replace('\r\n', '\r\nAuthorization: Bearer nobody\r\n'),
  'two cursors in headers': get(ME).replace('\r\n', '\r\nLast-Event-ID: 1\r\nLast-Event-ID: 2\r\n'),
  'a body': `${get(ME, { 'Content-Length': '2' })}{}`,
  'an expectation': get(ME, { Expect: 'something' }),
  'an upgrade': get(ME, { Connection: 'upgrade, close', Upgrade: 'websocket' }),
  'an odd host': get(ME, { Host: 'live.example:99999' }),
};

/** What each response has of its own: times, ids and random numbers. */
function comparable(outcome: Awaited<ReturnType<typeof paths.direct>>) {
  const { answer, reports } = outcome;
  const body = answer.body
    ?.replace(/retry: \d+/g, 'retry: …')
    .replace(/"streamId":"[^"]*"/, '"streamId":"…"')
    .replace(/"(expiresAt|serverTime)":"[^"]*"/g, '"$1":"…"')
    // Chunks differ in length where numbers do; compressed ones in all.
    .replace(/^[0-9a-f]+\r\n/gm, '');
  const isCompressed = answer.headers.includes('content-encoding: gzip');
  return {
    status: answer.status,
    headers: answer.headers.filter((line) => !/^content-length: /.test(line)),
    body: isCompressed ? '' : body,
    reports,
  };
}

/** End of what a stream begins with: `caught-up` in plain text, a whole member of gzip. */
const until = (request: string) =>
  /gzip/.test(request) && !/admin/.test(request) ? '\r\n\r\n' : 'event: caught-up';

async function compare(request: string) {
  const direct = await paths.direct(request, until(request));
  const ordinary = await paths.ordinary(request, until(request));
  expect(comparable(direct)).toEqual(comparable(ordinary));
  return direct;
}

describe('streams that are opened by the fast path', () => {
  it.each(Object.entries(PLAIN))('answers as the route does: %s', async (_, request) => {
    const direct = await compare(request);
    expect(direct.byApp).toBe(false);
    expect(direct.answer.status).toMatch(/^HTTP\/1\.1 [2-5]/);
  });

  it.each(Object.entries(ODD))('leaves to the app: %s', async (_, request) => {
    const direct = await compare(request);
    // Node answers some of them itself.
    if (direct.answer.status?.includes(' 400 ') !== true) expect(direct.byApp).toBe(true);
  });

  it.each([{}, EVENT_SOURCE])(
    'answers as the route does where the admission refuses: %o',
    async (headers) => {
      admission = 'full';
      const direct = await compare(get(ME, headers));
      expect(direct.byApp).toBe(false);
      expect(direct.answer.status).toContain(headers === EVENT_SOURCE ? ' 200 ' : ' 503 ');
    },
  );

  it('has each status that the requests above are made for', async () => {
    const statuses = new Set<number>();
    for (const request of Object.values(PLAIN))
      statuses.add(Number((await paths.direct(request, until(request))).answer.status?.split(' ')[1]));
    expect([...statuses].sort()).toEqual([200, 400, 401, 403, 404, 500, 503]);
  });

  it('gives a stream the owner that the route gives it', async () => {
    const request = get(ME, { 'User-Agent': 'tests', 'X-Forwarded-For': '192.0.2.7' });
    const owners: unknown[] = [];
    streams.observe({ opened: ({ owner }) => void owners.push(owner), closed: () => {} });
    await compare(request);
    expect(owners).toHaveLength(2);
    expect(owners[0]).toEqual(owners[1]);
    expect(owners[0]).toMatchObject({ userAgent: 'tests', address: '192.0.2.7', playerId: 7 });
  });

  it('reports an error after the head of a stream was sent', async () => {
    let isFailing = true;
    const opened = () => {
      if (isFailing) throw new Error('an observer failed');
    };
    streams.observe({ opened, closed: () => {} });
    const { reports, byApp } = await paths.direct(get(ME), 'caught-up');
    isFailing = false;
    expect(byApp).toBe(false);
    expect(reports).toEqual(['GET /streams: Error: an observer failed']);
  });

  it('frees the place of a request, whatever its outcome', async () => {
    for (let i = 0; i < 3 * RUNNING; i++)
      for (const name of ['all users', 'an error of the service', 'an unknown type', 'an expired token'])
        expect((await paths.direct(PLAIN[name] ?? '', 'caught-up')).answer.status).not.toContain('429');
  });
});
