import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { installTriggers } from '../../src/platform/triggers/install.ts';
import { createContest, createPlayer, createProblem } from '../support/database/platform.ts';
import { openPlatformSession, type PlatformSession } from '../support/database/platform-session.ts';
import { type Cast, type Statement, statements } from '../support/database/platform-statements.ts';
import { note, prepareService } from '../support/service.ts';
import { listen } from '../support/wire/listener.ts';

const live = prepareService();
let platform: PlatformSession;
let cast: Cast;
let userId: number;

beforeAll(async () => {
  await installTriggers(live.test.database);
  platform = await openPlatformSession(live.test.url);
});

afterAll(async () => {
  platform.close();
});

beforeEach(async () => {
  const { database } = live.test;
  const ada = await createPlayer(database, { name: 'Ada', level: 10, xp: 7500 });
  // Its times lie ahead, so that it is the platform alone that moves it on.
  const contestId = await createContest(database, { status: 'UPCOMING', startTime: '2099-01-01 00:00:00' });
  cast = { contestId, playerId: ada.playerId, problemId: await createProblem(database) };
  userId = ada.userId;
});

/** What the platform's writes come to; what the service makes of the leaderboard besides is tested elsewhere. */
const TYPES = [
  'level-up',
  'tier-upgrade',
  'problem-solved',
  'contest-joined',
  'contest-status',
  'contest-end',
  'announcement',
];

/** Records all scopes of the cast. Returns which event went where, in order, up to a note that is published now. */
async function recordUntil() {
  const { contestId, problemId, playerId } = cast;
  const scopes = ['player:me', `contest:${contestId}`, `problem:${problemId}`, 'global'];
  const url = `${live.url}/streams?${scopes.map((scope) => `scope=${scope}`).join('&')}`;
  const listener = listen(url, await live.token(userId));
  onTestFinished(() => listener.close());
  const received: { type: string; scope: string; title: string }[] = [];
  for (const type of TYPES)
    listener.source.addEventListener(type, (event) => received.push(JSON.parse(event.data)));
  await listener.ready();
  return async () => {
    await relayed();
    await live.publish(note(playerId, 'end'));
    await vi.waitFor(() => expect(received.at(-1)?.title).toBe('end'));
    return received.slice(0, -1).map(({ type, scope }) => `${type} ${scope}`);
  };
}

/** The outbox is empty, and has no dead letters. */
const relayed = () =>
  vi.waitFor(async () =>
    expect(await live.test.database.query('SELECT type, error FROM event_outbox')).toEqual([]),
  );

async function run(steps: readonly Statement[]): Promise<number> {
  let insertId = 0;
  for (const [sql, values] of steps) {
    const done = await platform.run(sql, values);
    insertId ||= done.insertId;
  }
  return insertId;
}

const setStatus = (status: string): Statement => [
  'UPDATE contest SET status = ? WHERE id = ?',
  [status, cast.contestId],
];

/** Joining, the start, a solve with a level up over a tier boundary, and the end with ranks written row by row. */
async function everything(): Promise<void> {
  await run([...statements.join(cast), setStatus('LIVE')]);
  const submissionId = await run(statements.submit(cast));
  await run(
    statements.accept(cast, submissionId, { xp: 150, level: 11, tier: 'SILVER', subRank: 'Silver I' }),
  );
  await run([
    setStatus('ENDED'),
    ['UPDATE contest_participant SET final_rank = 1 WHERE contest_id = ?', [cast.contestId]],
  ]);
}

it('What the platform writes reaches exactly the scopes that it concerns, in order', async () => {
  const until = await recordUntil();
  await everything();
  const { contestId, problemId, playerId } = cast;
  expect(await until()).toEqual([
    `CONTEST_JOINED contest:${contestId}`,
    `CONTEST_STATUS contest:${contestId}`,
    `PROBLEM_SOLVED player:${playerId}`,
    `PROBLEM_SOLVED problem:${problemId}`,
    `PROBLEM_SOLVED contest:${contestId}`,
    `LEVEL_UP player:${playerId}`,
    'LEVEL_UP global',
    `TIER_UPGRADE player:${playerId}`,
    'TIER_UPGRADE global',
    `CONTEST_STATUS contest:${contestId}`,
    `CONTEST_END contest:${contestId}`,
  ]);
});

it('What it rolls back reaches no stream', async () => {
  const until = await recordUntil();
  await platform.run('START TRANSACTION');
  await everything();
  await platform.run('ROLLBACK');
  expect(await until()).toEqual([]);
});

it('What a controller publishes as well is published once', async () => {
  const until = await recordUntil();
  await run(statements.join(cast));
  const submissionId = await run(statements.submit(cast));
  const { contestId, problemId, playerId } = cast;
  await relayed();
  const first = await live.publish({
    type: 'PROBLEM_SOLVED',
    data: { playerId, problemId, contestId },
    idempotencyKey: `problem-solved:${playerId}:${problemId}:${contestId}`,
  });
  expect(first.status).toBe(201);
  await run(
    statements.accept(cast, submissionId, { xp: 150, level: 11, tier: 'BRONZE', subRank: 'Bronze V' }),
  );
  await relayed();
  const again = await live.publish({
    type: 'LEVEL_UP',
    data: { playerId, oldLevel: 10, newLevel: 11 },
    idempotencyKey: `level-up:${playerId}:11`,
  });
  expect(again.status).toBe(200);
  expect(await until()).toEqual([
    `CONTEST_JOINED contest:${contestId}`,
    `PROBLEM_SOLVED player:${playerId}`,
    `PROBLEM_SOLVED problem:${problemId}`,
    `PROBLEM_SOLVED contest:${contestId}`,
    `LEVEL_UP player:${playerId}`,
    'LEVEL_UP global',
  ]);
});
