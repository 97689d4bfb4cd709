import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { EVENT_TYPES } from '../../src/protocol/event.ts';
import { dataOf } from '../support/arbitrary-events.ts';
import { createAccount, type TestAccount } from '../support/database/account.ts';
import { createTestDatabase, type TestDatabase } from '../support/database/database.ts';
import { createLongHistory, type LongHistory } from '../support/database/long-history.ts';
import { statements as platform } from '../support/database/platform-statements.ts';
import { recordStatements } from '../support/database/recorded-statements.ts';
import { costOf } from '../support/database/statement-cost.ts';
import { note, startServiceOn, type TestService } from '../support/service.ts';
import { until as untilWithin } from '../support/until.ts';

/**
 * Rows of the log. The plans are those of a million rows (`HISTORY_ROWS=1048576`), which takes longer to generate than the rest
 * of the test.
 */
const ROWS = Number(process.env.HISTORY_ROWS ?? 2 ** 17);
/** Max rows that a statement may read: those of the blocks of an inbox that one transaction counts, each with its receipt. */
const BOUND = 10_000;

/** Statements that may cost more, by a part of their text, with the reason. */
const EXCEPTIONS: readonly (readonly [part: RegExp, reason: string])[] = [
  [
    /FROM contest_listing l LEFT JOIN contest c/,
    'Every 30 s, by the leader alone: every contest, behind the reports of each.',
  ],
  [
    /f\.frozen_at AS frozenAt[\s\S]* FROM contest c\b/,
    'A request for a list of contests: those on it, at most a thousand.',
  ],
  [
    /FROM event_outbox WHERE failed_at IS NOT NULL\) AS failed/,
    'A scrape of the metrics: an index of the dead letters alone.',
  ],
];

const until = (condition: () => unknown) => untilWithin(condition, 60_000);

let made: TestDatabase;
let account: TestAccount;
let history: LongHistory;
let recorded: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  made = await createTestDatabase({ statementTimeoutMs: 0 });
  history = await createLongHistory(made.database, ROWS);
  account = await createAccount(made, 'ALL PRIVILEGES');
  const recorder = recordStatements(account.user);
  try {
    await useEverything('without triggers');
    await installTriggers(made.database);
    await useEverything('with triggers');
  } finally {
    recorder.stop();
    recorded = recorder.statements;
  }
}, 240_000);
afterAll(async () => {
  await account?.drop();
  await made?.drop();
});

/** Starts a service and has it do everything that it does, with the player of the long history. */
async function useEverything(round: string): Promise<void> {
  const kept = { ...made, drop: async () => {} };
  const live = await startServiceOn(
    kept,
    { PRESENCE_INTERVAL_MS: '50', RING_FRAMES: '100', GLOBAL_LEADERBOARD_INTERVAL_MS: '200' },
    account.url,
  );
  const present = new AbortController();
  try {
    await fetch(`${live.url}/streams/players/me`, {
      headers: bearer(await live.token(history.userId)),
      signal: present.signal,
    });
    await publishEachKind(live, round);
    await useStreams(live);
    await useInbox(live, round);
    await useRoutes(live);
    await useFromSql(live, round);
    await leaderTasks(round);
  } finally {
    present.abort();
    await live.close();
  }
}

async function publishEachKind(live: TestService, round: string): Promise<void> {
  const { playerId, contestId, problemId } = history;
  for (const type of EVENT_TYPES) {
    const [data] = fc.sample(dataOf[type] as fc.Arbitrary<object>, { numRuns: 1, seed: 7 });
    const own = { ...data, ...('playerId' in (data as object) ? { playerId } : {}) };
    for (const event of [
      { type, data },
      { type, data: { ...own, ...('contestId' in own ? { contestId } : {}) } },
    ])
      await (
        await live.publish(event, { 'idempotency-key': `${round}-${type}-${JSON.stringify(event).length}` })
      ).text();
  }
  const solved = { type: 'PROBLEM_SOLVED', data: { playerId, problemId, contestId, points: 1 } };
  for (const _ of [1, 2]) await live.publish([solved, note(playerId, round)], { 'idempotency-key': round });
}

/** Opens streams from the head, from a recent position, and from one that only the database has. */
async function useStreams(live: TestService): Promise<void> {
  const token = await live.token(history.userId);
  const page = await fetch(`${live.url}/notifications?limit=1`, { headers: bearer(token) });
  const { cursor } = (await page.json()) as { cursor: string };
  const word = cursor.split('-')[1];
  const scopes = [
    'player:me',
    'global',
    `contest:${history.contestId}`,
    `contest:${history.contestId}:leaderboard`,
  ]
    .map((scope) => `scope=${scope}`)
    .join('&');
  for (const lastEventId of ['', cursor, `${ROWS - 1_000}-${word}`]) {
    const opened = new AbortController();
    const response = await fetch(`${live.url}/streams?${scopes}`, {
      headers: { ...bearer(token), ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }) },
      signal: opened.signal,
    });
    expect(response.status).toBe(200);
    let text = '';
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += new TextDecoder().decode(chunk);
      if (text.includes('event: caught-up')) break;
    }
    const streamId = /"streamId":"([^"]+)"/.exec(text)?.[1];
    await fetch(`${live.url}/streams/${streamId}/refresh`, { method: 'POST', headers: bearer(token) });
    opened.abort();
  }
}

async function useInbox(live: TestService, round: string): Promise<void> {
  const token = await live.token(history.userId);
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${live.url}/notifications${path}`, {
      method,
      headers: { ...bearer(token), ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    expect([method, path, response.status]).toEqual([method, path, 200]);
    return (await response.json()) as { items: { id: number }[]; next: number | null };
  };
  await live.publish(Array.from({ length: 30 }, (_, number) => note(history.playerId, `${round} ${number}`)));
  for (const query of [
    '',
    '?unread=true',
    '?archived=true',
    '?type=ACHIEVEMENT',
    '?type=TIER_UPGRADE',
    '?unread=false&limit=100',
  ])
    for (const before of ['', `before=${ROWS / 2}`])
      await call('GET', query === '' ? before && `?${before}` : `${query}${before && `&${before}`}`);
  await call('GET', '/counts');
  const { items } = await call('GET', '?limit=5');
  const id = items[0]?.id;
  for (const [method, mark] of [
    ['PUT', 'seen'],
    ['PUT', 'read'],
    ['DELETE', 'read'],
    ['PUT', 'archived'],
    ['DELETE', 'archived'],
  ] as const)
    await call(method, `/${id}/${mark}`);
  await call('POST', '/read', { ids: items.map((item) => item.id) });
  for (const mark of ['seen', 'read']) await call('POST', `/${mark}`, { throughId: 2 ** 50 });
  await call('POST', '/archived', { throughId: 1_600 });
}

/** Reads every resource of the API as the player and as an admin, and asks for tickets. */
async function useRoutes(live: TestService): Promise<void> {
  const api = (await (await fetch(`${live.url}/openapi.json`)).json()) as {
    paths: Record<string, { get?: unknown }>;
  };
  const paths = Object.entries(api.paths).filter(
    ([path, { get }]) => get && !path.includes('/streams') && !path.includes('event-feed'),
  );
  expect(paths.length).toBeGreaterThan(10);
  for (const userId of [history.userId, history.adminId]) {
    const headers = bearer(await live.token(userId));
    for (const [path] of paths) {
      const id = path.startsWith('/players') ? history.playerId : history.contestId;
      await (await fetch(live.url + path.replaceAll(/\{\w+\}/g, String(id)), { headers })).text();
    }
    await fetch(`${live.url}/tickets`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ scopes: ['player:me', 'global'] }),
    });
  }
}

/** Has the platform join, submit and accept, and SQL publish and acknowledge, until all of it is in the log. */
async function useFromSql(live: TestService, round: string): Promise<void> {
  const { database } = made;
  const { contestId, problemId } = history;
  const [player] = await database.query<{ id: number }>(
    'SELECT p.id FROM player p WHERE NOT EXISTS (SELECT 1 FROM contest_participant c WHERE c.contest_id = ? AND c.player_id = p.id) LIMIT 1',
    [contestId],
  );
  const cast = { contestId, problemId, playerId: player?.id ?? 0 };
  for (const [sql, values] of [...platform.join(cast), ...platform.submit(cast)])
    await database.execute(sql, values);
  const [submission] = await database.query<{ id: number }>('SELECT MAX(id) AS id FROM submission');
  const after = { xp: 100, level: 2, tier: 'BRONZE', subRank: 'Bronze II' };
  for (const [sql, values] of platform.accept(cast, submission?.id ?? 0, after))
    await database.execute(sql, values);
  await database.execute('CALL live_create_notification(?, ?, ?, NULL)', [
    history.playerId,
    round,
    'from SQL',
  ]);
  await until(async () => {
    const [last] = await database.query<{ id: number | null }>(
      'SELECT MAX(id) AS id FROM notification WHERE scope = ? AND title = ? AND message = ?',
      [`player:${history.playerId}`, round, 'from SQL'],
    );
    if (last?.id == null) return false;
    await database.execute("CALL live_acknowledge(?, ?, 'read')", [history.playerId, last.id]);
    return true;
  });
  await database.execute('UPDATE contest SET leaderboard_frozen = 1 WHERE id = ?', [contestId]);
  await until(async () => (await logged('LEADERBOARD_FREEZE')) > 0);
  await live.publish({ type: 'LEVEL_UP', data: { playerId: cast.playerId, oldLevel: 1, newLevel: 2 } });
  await database.execute('UPDATE contest SET leaderboard_frozen = 0 WHERE id = ?', [contestId]);
  await until(async () => (await waiting()) === 0);
}

async function logged(type: string): Promise<number> {
  const [row] = await made.database.query<{ count: number }>(
    'SELECT COUNT(*) AS count FROM notification WHERE id > ? AND type = ?',
    [ROWS, type],
  );
  return row?.count ?? 0;
}

async function waiting(): Promise<number> {
  const [row] = await made.database.query<{ count: number }>(
    'SELECT COUNT(*) AS count FROM event_outbox WHERE failed_at IS NULL',
  );
  return row?.count ?? 0;
}

/** Waits until presence, leaderboards, the lists of contests, retention and the sweep have done something. */
async function leaderTasks(round: string): Promise<void> {
  const { database } = made;
  const node = `dead-${round.length}`;
  await database.execute(
    "INSERT INTO node (node_id, renewed_at, expires_at, ops_streams) VALUES (?, '2026-01-01', '2026-01-01', 0)",
    [node],
  );
  await database.execute(
    `INSERT INTO stream_session (stream_id, node_id, user_id, player_id, scopes, connected_at, last_heartbeat_at, last_delivered_id)
     VALUES (?, ?, 5, 105, '["global"]', '2026-01-01', UTC_TIMESTAMP(3), 1)`,
    [`open-${node}`, node],
  );
  for (const type of ['PLAYER_STATUS', 'GLOBAL_LEADERBOARD', 'LEADERBOARD_UPDATE'])
    await until(async () => {
      // The first of all players changes.
      await database.execute('UPDATE player SET xp = xp + 100000 WHERE id = 101');
      return (await logged(type)) > 0;
    });
  await until(async () => {
    const [left] = await database.query<{ nodes: number; old: number; sessions: number; keys: number }>(
      `SELECT (SELECT COUNT(*) FROM node WHERE node_id = ?) AS nodes,
         (SELECT COUNT(*) FROM notification WHERE id BETWEEN 1 AND 1500) AS old,
         (SELECT COUNT(*) FROM stream_session WHERE disconnected_at < UTC_TIMESTAMP(3) - INTERVAL 40 DAY) AS sessions,
         (SELECT COUNT(*) FROM log_key WHERE expires_at < UTC_TIMESTAMP(3)) AS \`keys\``,
      [node],
    );
    return left && left.nodes + left.old + left.sessions + left.keys === 0;
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

it('Nothing that a service sends reads more, the longer the history is and the more users there are', async () => {
  expect(recorded.size).toBeGreaterThan(100);
  const connection = await made.database.connect({ statementTimeoutMs: 0 });
  const costly: string[] = [];
  let examined = 0;
  try {
    for (const name of ['head', 'base', 'last_row']) await connection.query(`SET @${name} = ?`, [ROWS]);
    for (const instances of recorded.values())
      for (const statement of instances) {
        const cost = await costOf(connection, statement, BOUND).catch((error: Error) => {
          throw new Error(`${error.message}: ${statement.slice(0, 500)}`);
        });
        if (cost === undefined) continue;
        examined += 1;
        const dear = cost.scanned.length > 0 || (cost.read !== undefined && cost.read > BOUND);
        if (!dear || EXCEPTIONS.some(([part]) => part.test(statement))) continue;
        costly.push(`${JSON.stringify(cost)} ${statement.replaceAll(/\s+/g, ' ').slice(0, 1_000)}`);
        break;
      }
  } finally {
    connection.destroy();
  }
  expect(examined).toBeGreaterThan(80);
  expect(costly, costly.join('\n\n')).toEqual([]);
}, 240_000);
