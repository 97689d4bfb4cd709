import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkConfiguration } from '../../src/cli/doctor/configuration.ts';
import { checkVersion } from '../../src/cli/doctor/database.ts';
import { bounded } from '../../src/cli/doctor/finding.ts';
import { checkService } from '../../src/cli/doctor/service.ts';
import { checkStream } from '../../src/cli/doctor/stream.ts';
import { NamedLock } from '../../src/db/named-lock.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { startRelay } from '../support/database/outbox.ts';
import { createPlayer } from '../support/database/platform.ts';
import { environment, note, startService, type TestService } from '../support/service.ts';
import { run } from './command.ts';
import { bufferUntil, type Front, gzipped, serve, startFront } from './front.ts';

const { signal } = new AbortController();

describe('doctor, of a database', () => {
  async function sick(...statements: readonly string[]) {
    const { url, database, drop } = await createTestDatabase();
    onTestFinished(drop);
    for (const sql of statements) await database.execute(sql);
    return {
      database,
      diagnose: () => run(['doctor'], { env: environment(url, { PORT: '9' }) }),
    };
  }
  const row = (id: number) =>
    `INSERT INTO notification (id, event_id, scope, keep_class, type, inbox, player_id, title, message, data, created_at) VALUES (${id}, ${id}, 'global', 'global', 'ANNOUNCEMENT', 1, NULL, 't', 'm', '{}', UTC_TIMESTAMP(3))`;
  const markDeadLetters =
    "INSERT INTO event_outbox (type, payload, created_at, failed_at, error) VALUES ('LEVEL_UP', '{}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), '/data/playerId is missing')";
  const waiting =
    "INSERT INTO event_outbox (type, payload, created_at) VALUES ('LEVEL_UP', '{}', UTC_TIMESTAMP(3) - INTERVAL 1 HOUR)";
  const deadSession =
    "INSERT INTO stream_session (stream_id, node_id, scopes, connected_at, last_heartbeat_at, last_delivered_id) VALUES ('a', 'b', '[]', '2026-01-01', '2026-01-01', 0)";

  it('finds nothing in a sound one', async () => {
    const { diagnose } = await sick(row(1), row(2), 'UPDATE log_head SET head = 2');
    const { code, out } = await diagnose();
    expect(out).not.toContain('✗');
    expect(code).toBe(0);
    expect(out).toMatch(/✓ The log is at 2-[a-z0-9]{4}, its last 2 rows without a gap\./);
    expect(out).toMatch(/✓ (MariaDB|MySQL) [\d.]+ answers/);
    expect(out).toContain('✓ The schema is up to date');
    expect(out).toContain('✓ Nothing is stuck in event_outbox.');
  });

  it.each([
    [
      'rows missing from the log',
      [row(1), row(4), 'UPDATE log_head SET head = 4'],
      '2 rows of the log are missing (2, 3)',
    ],
    [
      'a row beyond the head',
      [row(1), row(2), 'UPDATE log_head SET head = 1'],
      "The log's head is 1 but there is a row 2",
    ],
    ['a log without a head', ['DELETE FROM log_head'], 'The row of log_head is gone'],
    ['a dead letter', [markDeadLetters], '1 dead letter in event_outbox, not published: #1 LEVEL_UP: /data'],
    [
      'an outbox without a relay',
      [waiting],
      '1 row of event_outbox waiting, the oldest for 3600 s: no service relays them.',
    ],
    [
      'a schema that is not finished',
      ["UPDATE live_migration SET finished_at = NULL WHERE name = '0002_views'"],
      '0002_views not applied',
    ],
    [
      'a takeover that is not finished',
      ["INSERT INTO live_adoption (source, started_at) VALUES ('socketio_notification', UTC_TIMESTAMP(3))"],
      'socketio_notification not copied to the end',
    ],
    [
      'a schema of the future',
      ["INSERT INTO live_migration VALUES ('9999_future', '', 0, UTC_TIMESTAMP(3), NULL)"],
      'The schema is newer than this version: it has 9999_future',
    ],
  ])('finds %s', async (_, statements, why) => {
    const { diagnose } = await sick(...statements);
    const { code, out } = await diagnose();
    expect(out).toContain(`✗ ${why}`);
    expect(code).toBe(1);
  });

  it('does not report rows that retention deleted as missing', async () => {
    const { diagnose } = await sick(
      row(3),
      'UPDATE log_head SET head = 3',
      "UPDATE log_tail SET tail = 3 WHERE keep_class = 'nudge'",
    );
    expect((await diagnose()).out).toMatch(/✓ The log is at 3-\w+, its last 1 row without a gap/);
  });

  it('notes sessions that were not swept', async () => {
    const { diagnose } = await sick(deadSession);
    expect((await diagnose()).out).toContain('i 1 session died more than');
  });

  it('distinguishes a stalled relay from one that works', async () => {
    const { database, diagnose } = await sick();
    const leader = new NamedLock(database, 'duties', { onAcquired: () => {} });
    leader.start();
    onTestFinished(() => leader.close());
    await expect.poll(() => leader.held).toBe(true);
    await database.execute(waiting);
    expect((await diagnose()).out).toMatch(
      /✗ 1 row of event_outbox waiting, .*: the leader does not relay them; its log says why\./,
    );
    const relay = startRelay(database);
    onTestFinished(relay.stop);
    const { out } = await diagnose();
    expect(out).not.toContain('waiting');
  });

  it('is not misled by events that are published meanwhile', async () => {
    const live = await startService();
    onTestFinished(live.close);
    const { playerId } = await createPlayer(live.test.database);
    let over = false;
    const publishing = (async () => {
      while (!over) await live.publish([note(playerId, 'a'), note(playerId, 'b'), note(playerId, 'c')]);
    })();
    const env = environment(live.test.url, { LIVE_URL: live.url });
    for (let round = 0; round < 5; round++) {
      const { out } = await run(['doctor'], { env });
      expect(out).toMatch(/✓ The log is at/);
      expect(out).toMatch(/✓ Nothing is stuck/);
    }
    over = true;
    await publishing;
  });

  it('finds one that was never migrated', async () => {
    const { url, drop } = await createTestDatabase({ migrated: false });
    onTestFinished(drop);
    const { code, out } = await run(['doctor'], { env: environment(url, { PORT: '9' }) });
    expect(code).toBe(1);
    expect(out).toContain('✗ This database was never migrated: run `codecraft-live migrate`');
  });

  it('finds an unreachable one, and never prints its password', async () => {
    const env = environment('mysql://root:geheim@127.0.0.1:9/x');
    const { code, out, err } = await run(['doctor'], { env });
    expect(code).toBe(1);
    expect(out).toContain('✗ The database cannot be reached: nothing listens there.');
    expect(out + err).not.toContain('geheim');
  });

  it('judges the server’s version', () => {
    expect(checkVersion({ kind: 'mariadb', version: '10.11.19' })).toEqual([]);
    expect(checkVersion({ kind: 'mariadb', version: '11.4.2' })).toEqual([]);
    expect(checkVersion({ kind: 'mysql', version: '9.7.4' })).toEqual([]);
    expect(checkVersion({ kind: 'mariadb', version: '10.6.18' })).toMatchObject([{ level: 'note' }]);
    expect(checkVersion({ kind: 'mariadb', version: '10.5.29' })).toMatchObject([{ level: 'wrong' }]);
    expect(checkVersion({ kind: 'mysql', version: '5.7.44' })).toMatchObject([{ level: 'wrong' }]);
    expect(checkVersion({ kind: 'mysql', version: '8.0.11' })).toEqual([]);
    expect(checkVersion({ kind: 'mysql', version: '8.0.4' })).toMatchObject([{ level: 'wrong' }]);
  });
});

describe('doctor, of a configuration', () => {
  it('reports every mistake, and checks the rest all the same', async () => {
    const { code, out } = await run(['doctor'], {
      env: { PORT: 'x', NODE_ENV: 'production', JWT_SECRET: 'short', LIVE_URL: '127.0.0.1:9' },
    });
    expect(code).toBe(1);
    for (const variable of ['PORT', 'DATABASE_URL', 'JWT_SECRET']) expect(out).toContain(`✗ ${variable}: `);
    expect(out).not.toContain('short"');
    expect(out).toContain('✗ http://127.0.0.1:9 does not answer');
    expect(out).toContain('4 things wrong.');
  });

  it('finds a Node that is too old', () => {
    expect(checkConfiguration({}, '18.20.0').findings[0]).toMatchObject({ level: 'wrong' });
    expect(checkConfiguration({}, '20.18.3').findings[0]).toMatchObject({ level: 'wrong' });
    for (const version of ['20.19.0', '22.0.0', '26.1.0'])
      expect(checkConfiguration({}, version).findings[0]).toMatchObject({ level: 'good' });
  });
});

describe('doctor, of a service and what is before it', () => {
  let live: TestService;
  let token: string;
  beforeAll(async () => {
    live = await startService();
    token = await live.token((await createPlayer(live.test.database)).userId);
  });
  afterAll(() => live.close());

  const probe = async (front: Front) =>
    checkStream({ url: new URL(await startFront(live.url, front)), token, fetch, signal, timeoutMs: 500 });
  const wrongOf = (findings: readonly { level: string; text: string }[]) =>
    findings.filter(({ level }) => level === 'wrong').map(({ text }) => text);

  it('finds nothing when the way is free', async () => {
    const env = environment(live.test.url, { LIVE_TOKEN: token });
    const { code, out } = await run(['doctor', '--url', live.url], { env });
    expect(out).toContain(`✓ ${live.url} is ready.`);
    expect(out).toMatch(/✓ A test stream opened after \d+ ms and sent its first event after \d+ ms\./);
    expect(out).not.toContain('✗');
    expect(code).toBe(0);
  });

  it('leaves no stream behind', async () => {
    await probe({});
    await expect.poll(async () => (await (await fetch(`${live.url}/health`)).json()).streams).toBe(0);
  });

  it('finds a proxy that holds the stream back', async () => {
    const [held] = wrongOf(await probe(bufferUntil(65_536)));
    expect(held).toMatch(/^The test stream opened but sent nothing within 0\.5 s: .*proxy_buffering off/);
  });

  it('finds a proxy that holds even the headers back', async () => {
    const url = await serve(() => {});
    const [held] = wrongOf(await checkStream({ url: new URL(url), token, fetch, signal, timeoutMs: 100 }));
    expect(held).toMatch(/^The test stream did not open within 0\.1 s: a proxy/);
  });

  it('finds a proxy that compresses', async () => {
    expect(wrongOf(await probe(gzipped))).toEqual([
      expect.stringContaining('A proxy compresses the stream (gzip)'),
    ]);
  });

  it('finds a proxy that lets streams be cached, and notes what it hides', async () => {
    const findings = await probe({
      headers: ({ 'x-accel-buffering': _, ...headers }) => ({ ...headers, 'cache-control': 'public' }),
    });
    expect(wrongOf(findings)).toEqual([expect.stringContaining('A proxy changed cache-control to "public"')]);
    expect(findings).toContainEqual({ level: 'note', text: expect.stringContaining('X-Accel-Buffering') });
  });

  it('finds a token that is not accepted', async () => {
    const findings = await checkStream({ url: new URL(live.url), token: 'x', fetch, signal });
    expect(wrongOf(findings)).toEqual([
      expect.stringMatching(/^The test stream was refused: The token is not valid/),
    ]);
  });

  it.each([
    ['text/html', 200, '<p>hello', 'what answers there is not this service (status 200, text/html)'],
    ['application/json', 404, '{}', 'what answers there is not this service (status 404, application/json)'],
    [
      'application/json',
      503,
      '{"ready":false,"checks":{"database":"does not answer","follower":"ok"}}',
      'is not ready: database does not answer.',
    ],
  ])('finds %s with %i instead of a service that is ready', async (type, status, body, why) => {
    const url = new URL(await serve((_, to) => to.writeHead(status, { 'content-type': type }).end(body)));
    const { findings } = await checkService({ url, explicit: true, version: '1', fetch, signal });
    expect(wrongOf(findings)).toEqual([expect.stringContaining(why)]);
  });

  it('finds a clock that is wrong, and notes another version', async () => {
    const url = await startFront(live.url, {
      headers: (headers) => ({ ...headers, date: new Date(Date.now() - 90_000).toUTCString() }),
    });
    const { findings } = await checkService({
      url: new URL(url),
      explicit: true,
      version: '0',
      fetch,
      signal,
    });
    expect(wrongOf(findings)).toEqual([
      expect.stringMatching(/clocks? and this machine's are (89|90) s apart/),
    ]);
    expect(findings).toContainEqual({ level: 'note', text: expect.stringMatching(/The service is version/) });
  });

  it('does not wait for a service that never answers', async () => {
    const url = new URL(await serve(() => {}));
    const { findings } = await checkService({
      url,
      explicit: true,
      version: '1',
      fetch,
      signal,
      timeoutMs: 50,
    });
    expect(wrongOf(findings)).toEqual([expect.stringContaining('does not answer: no answer in time.')]);
  });
});

it('No check of doctor takes longer than it may', async () => {
  const findings = await bounded('The moon', 10, () => new Promise(() => {}));
  expect(findings).toEqual([{ level: 'wrong', text: 'The moon could not be checked within 0.01 s.' }]);
});
