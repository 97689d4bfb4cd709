import { describe, expect, it } from 'vitest';
import type { Callers } from '../../src/http/app-env.ts';
import { eventRoutes } from '../../src/http/events.ts';
import { publishDirectly } from '../../src/http/publish-directly.ts';
import { Problem } from '../../src/protocol/problem.ts';
import { onBothPaths, RUNNING } from './fixture.ts';

const EVENT = { type: 'LEVEL_UP', data: { playerId: 7, oldLevel: 11, newLevel: 12 } };

/** Identifies callers by the word that is their token. */
const authenticate: Callers['authenticate'] = async ({ headers }, { admit } = {}) => {
  const name = headers.get('authorization')?.replace('Bearer ', '') ?? '';
  if (name === 'nobody') throw new Problem('token-invalid');
  if (name === 'user') return { kind: 'user', userId: 1 } as never;
  const caller = { kind: 'service', name, expiresAt: new Date(0) } as const;
  await admit?.(caller);
  return caller;
};

/** Answers by the type of the first event. */
const publisher = {
  publishUnchecked: async (
    events: readonly { type: string; at?: string }[],
    options: { idempotencyKey?: string } = {},
  ) => {
    const [first] = events;
    if (first?.type === 'BROKEN') throw new TypeError('secret');
    if (first?.type === 'LATER') throw new Problem('database-unavailable', { retryAfter: 1 });
    if (first?.type === 'INVALID')
      throw new Problem('invalid-event', { errors: [{ pointer: `${first.at}/type`, detail: 'é' }] });
    return events.map(({ type }, index) => ({
      type,
      eventId: index + 1,
      notifications: [{ id: index + 1, scope: 'global' as const }],
      duplicate: options.idempotencyKey === 'known',
      cursor: `${index + 1}-term`,
    }));
  },
} as never;

const paths = onBothPaths({
  authenticate,
  routers: () => [eventRoutes({ publisher })],
  direct: (deps) => publishDirectly({ ...deps, publisher }),
});

function post(body: string | Buffer, headers: Record<string, string> = {}): string {
  const all = {
    Host: 'live.example:8080',
    Connection: 'close',
    Authorization: 'Bearer tests',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /events HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

const json = (value: unknown, headers?: Record<string, string>) => post(JSON.stringify(value), headers);

const PLAIN: Record<string, string> = {
  'one event': json(EVENT),
  'several events': json([EVENT, { ...EVENT, idempotencyKey: 'a' }]),
  'a repeat': json(EVENT, { 'Idempotency-Key': 'known' }),
  'an allowed origin': json(EVENT, { Origin: 'https://allowed.example' }),
  'another origin': json(EVENT, { Origin: 'https://other.example' }),
  'a byte order mark': post(`\ufeff${JSON.stringify(EVENT)}`),
  'a charset': json(EVENT, { 'Content-Type': 'Application/JSON; charset=utf-8' }),
  'no JSON': post('{"type":'),
  'another type of content': json(EVENT, { 'Content-Type': 'text/plain' }),
  'no type of content': json(EVENT, { 'Content-Type': '' }),
  'an unknown field': json({ ...EVENT, more: 1 }),
  'a missing field': json({ type: 'LEVEL_UP' }),
  'several wrong fields': json([EVENT, { type: 1, data: [] }]),
  'an empty list': json([]),
  'too many events': json(Array.from({ length: 1_001 }, () => EVENT)),
  'a number': json(1),
  'an invalid key': json(EVENT, { 'Idempotency-Key': 'x'.repeat(129) }),
  'a caller who is refused': json(EVENT, { Authorization: 'Bearer nobody' }),
  'a caller who is no service': json(EVENT, { Authorization: 'Bearer user' }),
  'a body that is too large': post(`[${' '.repeat(4 * 1024 * 1024)}]`),
  'an invalid event': json({ type: 'INVALID', data: {} }),
  'a database that is away': json({ type: 'LATER', data: {} }),
  'an error of the service': json({ type: 'BROKEN', data: {} }),
};

/** Lines of several responses, without their order and their dates. */
const linesOf = ({ status, headers, body = '' }: Awaited<ReturnType<typeof paths.direct>>['answer']) =>
  [status, ...headers, ...body.split('\r\n')]
    .map((line = '') => line.toLowerCase())
    .filter((line) => !line.startsWith('date:'))
    .sort();

const ODD: Record<string, string> = {
  'two keys': json(EVENT).replace('\r\n', '\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n'),
  'two credentials': json(EVENT).replace('\r\n', '\r\nAuthorization: Bearer nobody\r\n'),
  'two types of content': json(EVENT, { 'Content-Type': 'text/plain' }).replace(
    '\r\n',
    '\r\nContent-Type: application/json\r\n',
  ),
  'a query': json(EVENT).replace('/events', '/events?more=1'),
  'a chunked body': post('', { 'Content-Length': '' })
    .replace('Content-Length: \r\n', 'Transfer-Encoding: chunked\r\n')
    .concat('2\r\n{}\r\n0\r\n\r\n'),
  'no body': post('', { 'Content-Length': '0' }),
  'no credential': json(EVENT).replace('Authorization: Bearer tests\r\n', ''),
  'an expectation': json(EVENT, { Expect: 'something' }),
  'an upgrade': json(EVENT, { Connection: 'upgrade, close', Upgrade: 'websocket' }),
  'an odd host': json(EVENT, { Host: 'live.example:99999' }),
  'HTTP/1.0': json(EVENT).replace('HTTP/1.1', 'HTTP/1.0'),
  'another method': json(EVENT).replace('POST', 'PUT'),
};

describe('publishing by the fast path', () => {
  it.each(Object.entries(PLAIN))('answers as the route does: %s', async (_, request) => {
    const direct = await paths.direct(request);
    expect(direct.byApp).toBe(false);
    const { answer, reports } = await paths.ordinary(request);
    expect({ answer, reports }).toEqual({ answer: direct.answer, reports: direct.reports });
    expect(direct.answer.status).toMatch(/^HTTP\/1\.1 [2-5]/);
  });

  it.each(Object.entries(ODD))('leaves to the app: %s', async (_, request) => {
    const { answer } = await paths.direct(request);
    expect((await paths.ordinary(request)).answer).toEqual(answer);
  });

  it('has each status that the requests above are made for', async () => {
    const statuses = new Set<number>();
    for (const request of Object.values(PLAIN))
      statuses.add(Number((await paths.direct(request)).answer.status?.split(' ')[1]));
    expect([...statuses].sort()).toEqual([200, 201, 400, 401, 403, 413, 415, 422, 500, 503]);
  });

  it.each([
    ['byte by byte', 1],
    ['in pieces', 40],
  ])('takes a request that arrives %s', async (_, size) => {
    const request = PLAIN['an allowed origin'] ?? '';
    const direct = await paths.direct(request, undefined, size);
    expect(direct.byApp).toBe(false);
    expect(direct.answer).toEqual((await paths.ordinary(request)).answer);
  });

  it('answers several requests of one connection in turn', async () => {
    const kept = (name: string) => (PLAIN[name] ?? '').replace('Connection: close\r\n', '');
    const requests = kept('one event') + kept('no JSON') + kept('a repeat') + PLAIN['several events'];
    const direct = await paths.direct(requests);
    expect(direct.byApp).toBe(false);
    const ordinary = await paths.ordinary(requests);
    expect(linesOf(direct.answer)).toEqual(linesOf(ordinary.answer));
    expect(direct.answer.body?.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 400',
      'HTTP/1.1 200',
      'HTTP/1.1 201',
    ]);
  });

  it('frees the place of a request, whatever its outcome', async () => {
    for (let i = 0; i < 3 * RUNNING; i++)
      for (const name of ['one event', 'an error of the service', 'no JSON', 'a caller who is no service'])
        expect((await paths.direct(PLAIN[name] ?? '')).answer.status).not.toContain('429');
  });
});
