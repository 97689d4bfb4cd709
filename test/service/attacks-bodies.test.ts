import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { jsonBody } from '../../src/http/json-body.ts';
import { createRouter } from '../../src/http/router.ts';
import { listen } from '../../src/service/http-server.ts';
import { createPlayer, createUser } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { exchange } from '../support/wire/raw-http.ts';

interface Operation {
  readonly security?: readonly object[];
  readonly requestBody?: unknown;
}

/** The head of a request whose body is announced and not sent. */
const head = (method: string, path: string, bytes: number, headers = '') =>
  `${method.toUpperCase()} ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${bytes}\r\n${headers}\r\n`;
const answered = (text: string) => /\r\n\r\n[\s\S]*\}/.test(text);

describe('Bodies', () => {
  const live = prepareService({ METRICS: 'private', DEMO: 'on-this-database' });
  let player: string;
  let admin: string;
  let operations: { method: string; path: string; operation: Operation }[];
  beforeAll(async () => {
    player = `Bearer ${await live.token((await createPlayer(live.test.database)).userId)}`;
    admin = `Bearer ${await live.token(await createUser(live.test.database, { role: 'ADMIN' }))}`;
    const { paths } = (await (await fetch(`${live.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, Operation>>;
    };
    operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method,
        path: path.replaceAll(/\{.+?\}/g, '1'),
        operation,
      })),
    );
  });

  it('are not waited for before a stranger is refused, on any route', async () => {
    const guarded = operations.filter(({ operation }) => operation.security?.length !== 0);
    expect(guarded.length).toBeGreaterThan(15);
    for (const { method, path } of guarded) {
      const answer = await exchange(live.url, head(method, path, 3_800_000), answered);
      expect(`${method} ${path}: ${answer.split('\r\n')[0]}`).toBe(
        `${method} ${path}: HTTP/1.1 401 Unauthorized`,
      );
      expect(answer).toContain('"code":"token-missing"');
    }
  });

  it('are not waited for before the wrong kind of caller is refused', async () => {
    for (const [path, token] of [
      ['/events', player],
      ['/tickets', `Bearer ${live.serviceToken}`],
      ['/notifications/read', `Bearer ${live.serviceToken}`],
      ['/contests/1/reveal/steps', player],
    ]) {
      const asked = head('POST', path as string, 10_000, `Authorization: ${token}\r\n`);
      expect(await exchange(live.url, asked, answered)).toMatch(/^HTTP\/1\.1 403 /);
    }
  });

  it('have a limit by route: 4 MiB for events, kilobytes for all others', async () => {
    const withBody = operations.filter(({ operation }) => operation.requestBody !== undefined);
    expect(withBody.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/events', '/tickets', '/demo/tokens', '/notifications/read']),
    );
    for (const { method, path } of withBody.filter(({ path }) => path !== '/events')) {
      const response = await fetch(live.url + path, {
        method,
        headers: {
          authorization: path.includes('/reveal/') ? admin : player,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ x: 'x'.repeat(40 * 1_024) }),
      });
      expect([path, response.status, ((await response.json()) as { code: string }).code]).toEqual([
        path,
        413,
        'body-too-large',
      ]);
    }
  });

  it('of unknown keys are answered with the first 20, shortened', async () => {
    const long = 'k'.repeat(10_000);
    const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`key${at}`, 1]));
    const level = { type: 'LEVEL_UP', data: { playerId: 1, oldLevel: 1, newLevel: 2 } };
    for (const body of [
      { ...level, ...keys },
      { ...level, data: { ...level.data, ...keys } },
      { ...level, [long]: 1 },
      { ...level, data: { ...level.data, [long]: 1 } },
      Array.from({ length: 1_000 }, () => ({ nothing: 1 })),
    ]) {
      const response = await live.publish(body);
      expect(response.status).toBe(422);
      const text = await response.text();
      expect(text.length).toBeLessThan(5_000);
      const { errors } = JSON.parse(text) as { errors: unknown[] };
      expect(errors.length).toBeGreaterThan(0);
      expect(errors.length).toBeLessThanOrEqual(20);
    }
  });

  it('are invited of those alone who may send them (Expect: 100-continue)', async () => {
    const expecting = 'Expect: 100-continue\r\n';
    const refused = await exchange(live.url, head('POST', '/tickets', 20, expecting));
    expect(refused).toMatch(/^HTTP\/1\.1 401 [\s\S]*connection: close/i);
    const large = await exchange(
      live.url,
      head('POST', '/tickets', 100_000, `${expecting}Authorization: ${player}\r\n`),
    );
    expect(large).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);

    const body = JSON.stringify({ scopes: ['player:me'] });
    const invited = await exchange(
      live.url,
      `${head('POST', '/tickets', body.length, `${expecting}Authorization: ${player}\r\n`)}${body}` +
        'GET /health HTTP/1.1\r\nHost: x\r\n\r\n',
      (text) => text.includes('"status":"ok"'),
    );
    expect(invited).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  });

  it('may come in chunks, and with HTTP/1.0', async () => {
    const body = JSON.stringify({ scopes: ['player:me'] });
    const lines = `Content-Type: application/json\r\nAuthorization: ${player}\r\n`;
    const chunked = (text: string) =>
      `POST /tickets HTTP/1.1\r\nHost: x\r\n${lines}Transfer-Encoding: chunked\r\n\r\n` +
      `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    expect(await exchange(live.url, chunked(body), answered)).toMatch(/^HTTP\/1\.1 201 /);
    const tooLong = JSON.stringify({ scopes: ['x'.repeat(40_000)] });
    expect(await exchange(live.url, chunked(tooLong), answered)).toMatch(/^HTTP\/1\.1 413 /);
    expect(
      await exchange(
        live.url,
        `POST /tickets HTTP/1.0\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`,
        answered,
      ),
    ).toMatch(/^HTTP\/1\.1 201 /);
  });

  it('of unknown length occupy what has come of them, not their limit: many may be on their way', async () => {
    const body = (number: number) =>
      JSON.stringify({ type: 'ANNOUNCEMENT', data: { title: 'Hello', message: `${number}` } });
    const opened = await Promise.all(
      Array.from({ length: 64 }, async (_, number) => {
        const publishing = request(`${live.url}/events`, {
          method: 'POST',
          agent: false,
          headers: {
            authorization: `Bearer ${live.serviceToken}`,
            'content-type': 'application/json',
            'transfer-encoding': 'chunked',
            expect: '100-continue',
          },
        });
        const response = once(publishing, 'response') as Promise<[IncomingMessage]>;
        publishing.flushHeaders();
        await Promise.race([once(publishing, 'continue'), response]);
        return { publishing, response, number };
      }),
    );
    for (const { publishing, number } of opened) publishing.end(body(number));
    const answers = await Promise.all(opened.map(({ response }) => response));
    expect(answers.map(([{ statusCode }]) => statusCode)).toEqual(opened.map(() => 201));
    for (const [answer] of answers) answer.resume();
  });
});

describe('A body that does not come', () => {
  it('is waited for no longer than its time, and answered', async () => {
    const router = createRouter();
    router.post('/slow', jsonBody(1_000, 100) as never, async (c) => c.json(await c.req.json()));
    const app = createApp({ version: '0', isAllowedOrigin: () => false, routers: [router] });
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${server.port}`;
    const answer = await exchange(url, `${head('POST', '/slow', 500)}{"half":`, answered);
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"body-timeout"/);
    await server.close();
  });
});
