import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { createContest, createPlayer } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { exchange } from '../support/wire/raw-http.ts';

type Expected = readonly [status: number, code: string];
const LEVEL = { playerId: 1, oldLevel: 1, newLevel: 2 };

describe('Bad input', () => {
  const live = prepareService();
  let player: string;
  beforeAll(async () => {
    const { userId } = await createPlayer(live.test.database);
    await createContest(live.test.database);
    player = `Bearer ${await live.token(userId)}`;
  });

  async function problemOf(response: Response): Promise<Expected> {
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const text = await response.text();
    expect(text).not.toMatch(/SELECT|INSERT|node_modules|at .*\(.*:\d+:\d+\)|Bearer \w{8}/);
    const body = JSON.parse(text) as { status: number; code: string; type: string; title: string };
    expect(body.type).toBe(`urn:codecraft-live:problem:${body.code}`);
    expect(body.title).not.toBe('');
    expect(body.status).toBe(response.status);
    return [response.status, body.code];
  }

  describe('in paths and queries of streams', () => {
    const cases: readonly [path: string, ...Expected][] = [
      ['/streams/players/0', 400, 'invalid-id'],
      ['/streams/players/-1', 400, 'invalid-id'],
      ['/streams/players/01', 400, 'invalid-id'],
      ['/streams/players/1.5', 400, 'invalid-id'],
      ['/streams/players/1e3', 400, 'invalid-id'],
      ['/streams/players/9007199254740992', 400, 'invalid-id'],
      ['/streams/players/99999999999999999999', 400, 'invalid-id'],
      ['/streams/players/ME', 400, 'invalid-id'],
      ['/streams/players/%00', 400, 'invalid-id'],
      ['/streams/players/%0d%0a', 400, 'invalid-id'],
      ['/streams/players/%2e%2e%2f', 400, 'invalid-id'],
      ['/streams/players/%zz', 400, 'invalid-id'],
      ["/streams/players/1'%20OR%201=1", 400, 'invalid-id'],
      ['/streams/players/999999', 404, 'not-found'],
      ['/streams/contests/me', 400, 'invalid-id'],
      ['/streams/contests/abc', 400, 'invalid-id'],
      ['/streams/contests/999999', 404, 'not-found'],
      ['/streams/contests/999999/leaderboard', 404, 'not-found'],
      ['/streams/contests/x/leaderboard', 400, 'invalid-id'],
      ['/streams/problems/0x1', 400, 'invalid-id'],
      ['/streams/problems/999999', 404, 'not-found'],
      ['/streams/nothing', 404, 'not-found'],
      ['/streams/players', 404, 'not-found'],
      ['/streams', 400, 'invalid-scope'],
      ['/streams?scope=', 400, 'invalid-scope'],
      ['/streams?scope=everything', 400, 'invalid-scope'],
      ['/streams?scope=player:', 400, 'invalid-scope'],
      ['/streams?scope=player:1:leaderboard', 400, 'invalid-scope'],
      ['/streams?scope=Global', 400, 'invalid-scope'],
      ['/streams?scope=global%00', 400, 'invalid-scope'],
      ['/streams?scope=contest:01', 400, 'invalid-scope'],
      [`/streams?scope=${Array.from({ length: 501 }, (_, n) => `problem:${n + 1}`)}`, 400, 'too-many-scopes'],
      ['/streams/global?types=', 400, 'invalid-type'],
      ['/streams/global?types=NOPE', 400, 'invalid-type'],
      ['/streams/global?types=LEVEL_UP,', 400, 'invalid-type'],
      ['/streams/global?types=level-up', 400, 'invalid-type'],
      ['/streams/global?types=toString', 400, 'invalid-type'],
      ['/streams/global?token=eyJhbGciOiJIUzI1NiJ9.e30.x', 400, 'token-in-url'],
      ['/nothing/at/all', 404, 'not-found'],
      ['/docs/..%2fpackage.json', 404, 'not-found'],
      ['/docs/__proto__', 404, 'not-found'],
    ];
    it.each(cases)('GET %s is a %i %s', async (path, ...expected) => {
      const response = await fetch(live.url + path, { headers: { authorization: player } });
      expect(await problemOf(response)).toEqual(expected);
    });
  });

  describe('in tokens', () => {
    const cases: readonly [name: string, headers: Record<string, string>, ...Expected][] = [
      ['no token', {}, 401, 'token-missing'],
      ['an empty bearer', { authorization: 'Bearer ' }, 401, 'token-invalid'],
      ['another scheme', { authorization: 'Basic dTpw' }, 401, 'token-invalid'],
      ['garbage', { authorization: 'Bearer a.b.c' }, 401, 'token-invalid'],
      ['no signature', { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJpZCI6MX0.' }, 401, 'token-invalid'],
      ['9 KiB of it', { authorization: `Bearer ${'a'.repeat(9_000)}` }, 401, 'token-invalid'],
      ['a garbage cookie', { cookie: 'token=abc' }, 401, 'token-invalid'],
      [
        'a cookie of another site',
        { cookie: 'token=abc', origin: 'https://evil.example' },
        403,
        'origin-not-allowed',
      ],
    ];
    it.each(cases)('%s is refused', async (_, headers, ...expected) => {
      expect(await problemOf(await fetch(`${live.url}/streams/global`, { headers }))).toEqual(expected);
    });

    it('a garbage ticket is refused', async () => {
      const response = await fetch(`${live.url}/streams/global?ticket=abc`);
      expect(await problemOf(response)).toEqual([401, 'ticket-invalid']);
    });
  });

  describe('in bodies of POST /events', () => {
    const many = Array.from({ length: 1_001 }, () => ({ type: 'LEVEL_UP', data: LEVEL }));
    const cases: readonly [name: string, body: string, pointer: string | undefined, ...Expected][] = [
      ['nothing', '', undefined, 400, 'invalid-json'],
      ['half of JSON', '{"type":', undefined, 400, 'invalid-json'],
      ['a number', '7', '', 422, 'invalid-body'],
      ['null', 'null', undefined, 422, 'invalid-body'],
      ['an empty list', '[]', undefined, 422, 'invalid-body'],
      ['1,001 events', JSON.stringify(many), '', 422, 'invalid-body'],
      ['no type', JSON.stringify({ data: LEVEL }), '/type', 422, 'invalid-body'],
      ['no data', JSON.stringify({ type: 'LEVEL_UP' }), '/data', 422, 'invalid-body'],
      ['data that is a list', JSON.stringify({ type: 'LEVEL_UP', data: [] }), '/data', 422, 'invalid-body'],
      [
        'nothing in a list',
        JSON.stringify([{ type: 'LEVEL_UP', data: LEVEL }, null]),
        '/1',
        422,
        'invalid-body',
      ],
      [
        'no type in a list',
        JSON.stringify([
          { type: 'LEVEL_UP', data: LEVEL },
          { data: LEVEL, extra: 1 },
        ]),
        '/1/type',
        422,
        'invalid-body',
      ],
      [
        'an unknown field',
        JSON.stringify({ type: 'LEVEL_UP', data: LEVEL, 'a/b~c': 1 }),
        '/a~1b~0c',
        422,
        'invalid-body',
      ],
      [
        'a million brackets',
        `{"type":"LEVEL_UP","data":{"x":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}}`,
        '/data/x',
        422,
        'invalid-event',
      ],
      ['an unknown type', JSON.stringify({ type: 'NOPE', data: {} }), '/type', 422, 'invalid-event'],
      ['an internal type', JSON.stringify({ type: 'RECEIPTS', data: {} }), '/type', 422, 'invalid-event'],
      ['__proto__ as type', JSON.stringify({ type: '__proto__', data: {} }), '/type', 422, 'invalid-event'],
      [
        'a wrong field',
        JSON.stringify({ type: 'LEVEL_UP', data: { ...LEVEL, newLevel: 'two' } }),
        '/data/newLevel',
        422,
        'invalid-event',
      ],
      [
        'a missing field',
        JSON.stringify({ type: 'LEVEL_UP', data: { playerId: 1, oldLevel: 1 } }),
        '/data/newLevel',
        422,
        'invalid-event',
      ],
      [
        'a field too many',
        JSON.stringify({ type: 'LEVEL_UP', data: { ...LEVEL, admin: true } }),
        '/data/admin',
        422,
        'invalid-event',
      ],
      [
        'an id beyond 2^53',
        '{"type":"LEVEL_UP","data":{"playerId":9007199254740993,"oldLevel":1,"newLevel":2}}',
        '/data/playerId',
        422,
        'invalid-event',
      ],
      [
        'half a surrogate pair',
        '{"type":"ANNOUNCEMENT","data":{"title":"\\ud83d","message":"m"}}',
        '/data/title',
        422,
        'invalid-event',
      ],
      [
        'an empty title',
        JSON.stringify({ type: 'ANNOUNCEMENT', data: { title: '', message: 'm' } }),
        '/data/title',
        422,
        'invalid-event',
      ],
      [
        'two targets',
        JSON.stringify({
          type: 'ANNOUNCEMENT',
          data: { title: 't', message: 'm', playerId: 1, contestId: 1 },
        }),
        '/data/playerId',
        422,
        'invalid-event',
      ],
      [
        'the second of two',
        JSON.stringify([
          { type: 'LEVEL_UP', data: LEVEL },
          { type: 'LEVEL_UP', data: {} },
        ]),
        '/1/data/playerId',
        422,
        'invalid-event',
      ],
      [
        'one key twice',
        JSON.stringify([
          { type: 'LEVEL_UP', data: LEVEL, idempotencyKey: 'k' },
          { type: 'LEVEL_UP', data: LEVEL, idempotencyKey: 'k' },
        ]),
        '/1/idempotencyKey',
        422,
        'invalid-body',
      ],
      [
        'a key with a line break',
        JSON.stringify({ type: 'LEVEL_UP', data: LEVEL, idempotencyKey: 'a\nb' }),
        '/idempotencyKey',
        422,
        'invalid-body',
      ],
      [
        'more than 4 MiB',
        JSON.stringify({ type: 'X', data: { x: 'x'.repeat(4_194_304) } }),
        undefined,
        413,
        'body-too-large',
      ],
    ];
    it.each(cases)('%s is refused, and publishes nothing', async (_, body, pointer, ...expected) => {
      const head = async () =>
        (await live.test.database.query<{ head: number }>('SELECT head FROM log_head'))[0]?.head;
      const before = await head();
      const response = await fetch(`${live.url}/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${live.serviceToken}`, 'content-type': 'application/json' },
        body,
      });
      const copy = (await response.clone().json()) as { errors?: { pointer: string }[] };
      expect(await problemOf(response)).toEqual(expected);
      if (pointer !== undefined) expect(copy.errors?.map((error) => error.pointer)).toContain(pointer);
      expect(await head()).toBe(before);
    });

    it.each(
      ['/events', '/tickets', '/notifications/read'].flatMap((path) =>
        ['text/plain', 'application/json-patch+json', 'application/jsonp', ''].map((type) => [type, path]),
      ),
    )('another media type (%s) is refused at %s', async (type, path) => {
      const response = await fetch(live.url + path, {
        method: 'POST',
        headers: {
          authorization: path === '/events' ? `Bearer ${live.serviceToken}` : player,
          'content-type': type as string,
        },
        body: JSON.stringify({ type: 'LEVEL_UP', data: LEVEL, scopes: ['global'], throughId: 1 }),
      });
      expect(await problemOf(response)).toEqual([415, 'unsupported-media-type']);
    });

    it('an idempotency key in a header that is none is refused', async () => {
      for (const key of ['', 'a\tb', 'a'.repeat(129)])
        expect(
          await problemOf(await live.publish({ type: 'LEVEL_UP', data: LEVEL }, { 'idempotency-key': key })),
        ).toEqual([400, 'bad-request']);
    });

    it('too large a body is refused every time, and costs no other request its connection', async () => {
      // From another process: what a client meets that goes on sending while it is answered.
      const client = `
        const [url, authorization] = process.argv.slice(1);
        const headers = { authorization, 'content-type': 'application/json' };
        const body = JSON.stringify({ type: 'X', data: { x: 'x'.repeat(4_194_304) } });
        for (let round = 0; round < 40; round += 1) {
          const answer = await fetch(url, { method: 'POST', headers, body });
          console.log(answer.status, (await answer.json()).code);
        }`;
      const args = ['--input-type=module', '-e', client, `${live.url}/events`, `Bearer ${live.serviceToken}`];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      expect(stdout).toBe('413 body-too-large\n'.repeat(40));
    });

    it('who may not publish learns nothing of what would be valid', async () => {
      const response = await fetch(`${live.url}/events`, {
        method: 'POST',
        headers: { authorization: player, 'content-type': 'application/json' },
        body: '{',
      });
      expect(await problemOf(response)).toEqual([403, 'forbidden']);
    });
  });

  describe('in cursors is no error, but is reported', () => {
    const cursors = [
      '',
      'x',
      '1:2',
      '-1',
      '1e9',
      '99999999',
      '5-zzzz',
      '9007199254740993',
      '%F0%9F%92%A5',
      `1-${'a'.repeat(500)}`,
    ];
    it.each(cursors.filter((cursor) => cursor !== ''))('%s', async (cursor) => {
      const controller = new AbortController();
      const response = await fetch(`${live.url}/streams/global?lastEventId=${cursor}`, {
        headers: { authorization: player },
        signal: controller.signal,
      });
      expect(response.status).toBe(200);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const text = new TextDecoder().decode((await reader.read()).value);
      expect(text).toContain('"recovered":false');
      controller.abort();
    });
  });

  describe('in HTTP itself', () => {
    const cases: readonly [name: string, bytes: string, status: number][] = [
      ['no HTTP at all', 'hello\r\n\r\n', 400],
      ['a header without a name', 'GET /health HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400],
      ['a space in a header name', 'GET /health HTTP/1.1\r\nHost: x\r\nA b: y\r\n\r\n', 400],
      [
        'two lengths',
        'POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
        400,
      ],
      [
        'a length and chunks',
        'POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
      ],
      ['32 KiB of headers', `GET /health HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(32_768)}\r\n\r\n`, 431],
      ['an unknown method', 'BREW /health HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ];
    it.each(cases)('%s', async (_, bytes, status) => {
      const answer = await exchange(live.url, bytes, (text) => /\r\n\r\n[\s\S]+/.test(text));
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toContain('application/problem+json');
    });

    it.each([
      ['DELETE', '/events'],
      ['POST', '/streams/global'],
      ['PUT', '/health'],
      ['PATCH', '/tickets'],
    ])('%s %s is a 405 that names what is allowed', async (method, path) => {
      const response = await fetch(live.url + path, { method, headers: { authorization: player } });
      expect(response.headers.get('allow')).toBeTruthy();
      expect(await problemOf(response)).toEqual([405, 'method-not-allowed']);
    });
  });
});
