import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContest, createPlayer, createProblem, createUser, joinContest } from '../support/platform.ts';
import { startService, type TestService } from '../support/service.ts';

/** Who asks, in the order of the columns below. */
const WHO = [
  'own',
  'other',
  'participant',
  'company',
  'admin',
  'service',
  'banned',
  'expired',
  'none',
] as const;
type Who = (typeof WHO)[number];

/**
 * What each may do. `own` owns player scope and problem; `participant` takes part in the private contest, `own` and
 * `other` do not. Somebody else's and what does not exist answer alike: 404.
 */
const MATRIX: readonly [what: string, ...answers: number[]][] = [
  //                             own  other part comp admin svc  ban  exp  none
  ['GET /streams/players/:own', 200, 404, 404, 404, 200, 403, 403, 401, 401],
  ['GET /streams/players/me', 200, 200, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams/players/999999', 404, 404, 404, 404, 404, 403, 403, 401, 401],
  ['GET /streams/contests/:public', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /streams/contests/:private', 404, 404, 200, 404, 200, 403, 403, 401, 401],
  ['GET /streams/contests/:draft', 404, 404, 404, 404, 200, 403, 403, 401, 401],
  ['GET /streams/contests/999999', 404, 404, 404, 404, 404, 403, 403, 401, 401],
  ['GET /streams/contests/:public/leaderboard', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /streams/contests/:private/leaderboard', 404, 404, 200, 404, 200, 403, 403, 401, 401],
  ['GET /streams/problems/:problem', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /streams/problems/999999', 404, 404, 404, 404, 404, 403, 403, 401, 401],
  ['GET /streams/global', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /streams?scope=ops', 404, 404, 404, 404, 200, 403, 403, 401, 401],
  ['GET /streams?scope=contest::public:leaderboard:real', 404, 404, 404, 404, 200, 403, 403, 401, 401],
  ['GET /streams?scope=global&scope=player::own', 200, 404, 404, 404, 200, 403, 403, 401, 401],
  ['GET /streams?scope=global&scope=contest::private', 404, 404, 200, 404, 200, 403, 403, 401, 401],
  ['GET /contests', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /contests/:public', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /contests/:private', 404, 404, 200, 404, 200, 403, 403, 401, 401],
  ['GET /contests/:draft', 404, 404, 404, 404, 200, 403, 403, 401, 401],
  ['GET /contests/999999', 404, 404, 404, 404, 404, 403, 403, 401, 401],
  ['GET /contests/:public/leaderboard', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /contests/:private/leaderboard', 404, 404, 200, 404, 200, 403, 403, 401, 401],
  ['GET /contests/999999/leaderboard', 404, 404, 404, 404, 404, 403, 403, 401, 401],
  ['GET /leaderboard', 200, 200, 200, 200, 200, 403, 403, 401, 401],
  ['GET /players/:own/activity', 200, 404, 404, 404, 200, 403, 403, 401, 401],
  ['GET /players/me/activity', 200, 200, 200, 403, 403, 403, 403, 401, 401],
  ['GET /notifications', 200, 200, 200, 403, 403, 403, 403, 401, 401],
  ['GET /notifications/counts', 200, 200, 200, 403, 403, 403, 403, 401, 401],
  ['PUT /notifications/999999/read', 404, 404, 404, 403, 403, 403, 403, 401, 401],
  ['DELETE /notifications/999999/read', 404, 404, 404, 403, 403, 403, 403, 401, 401],
  ['PUT /notifications/999999/archived', 404, 404, 404, 403, 403, 403, 403, 401, 401],
  ['PUT /notifications/999999/seen', 404, 404, 404, 403, 403, 403, 403, 401, 401],
  ['GET /sessions', 403, 403, 403, 403, 200, 403, 403, 401, 401],
  ['DELETE /sessions/0b7a2c1e-7a43-4d7f-9a2f-1f0f3b1c2d3e', 404, 404, 404, 404, 404, 403, 403, 401, 401],
  ['GET /health', 200, 200, 200, 200, 200, 200, 200, 200, 200],
  ['GET /ready', 200, 200, 200, 200, 200, 200, 200, 200, 200],
  ['POST /events', 403, 403, 403, 403, 403, 201, 403, 401, 401],
  ['POST /tickets player::own', 201, 404, 404, 404, 201, 403, 403, 401, 401],
  ['POST /tickets contest::private', 404, 404, 201, 404, 201, 403, 403, 401, 401],
];

describe('Nobody gets what is not theirs', () => {
  let live: TestService;
  const tokens = new Map<Who, string | undefined>();
  const names = new Map<string, number>();

  beforeAll(async () => {
    live = await startService();
    const { database } = live.test;
    const own = await createPlayer(database);
    const other = await createPlayer(database);
    const participant = await createPlayer(database);
    const banned = await createPlayer(database, { status: 'BANNED' });
    names.set(':own', own.playerId);
    names.set(':public', await createContest(database));
    names.set(':private', await createContest(database, { isPublic: false }));
    names.set(':draft', await createContest(database, { status: 'DRAFT' }));
    names.set(':problem', await createProblem(database));
    await joinContest(database, { contestId: names.get(':private') ?? 0, playerId: participant.playerId });
    tokens.set('own', await live.token(own.userId));
    tokens.set('other', await live.token(other.userId));
    tokens.set('participant', await live.token(participant.userId));
    tokens.set('company', await live.token(await createUser(database, { role: 'COMPANY' })));
    tokens.set('admin', await live.token(await createUser(database, { role: 'ADMIN' })));
    tokens.set('service', live.serviceToken);
    tokens.set('banned', await live.token(banned.userId));
    tokens.set('expired', await live.token(own.userId, -60));
  });
  afterAll(() => live.close());

  async function ask(what: string, who: Who): Promise<Response> {
    const filled = what.replace(/:(own|public|private|draft|problem)/g, (name) => String(names.get(name)));
    const [method, path, scope] = filled.split(' ') as [string, string, string | undefined];
    const token = tokens.get(who);
    const controller = new AbortController();
    const body =
      scope === undefined
        ? { type: 'ANNOUNCEMENT', data: { title: 't', message: 'm' } }
        : { scopes: [scope] };
    const response = await fetch(live.url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      },
      ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
      signal: controller.signal,
    });
    const text = method === 'GET' && response.ok ? '' : await response.text();
    if (method === 'GET' && response.ok) controller.abort();
    return new Response(text === '' ? null : text, { status: response.status });
  }

  describe.each(MATRIX)('%s', (what, ...answers) => {
    it.each(WHO.map((who, index) => [who, answers[index] as number] as const))(
      '%s: %i',
      async (who, status) => {
        expect((await ask(what, who)).status).toBe(status);
      },
    );
  });

  it('tells nobody whether a private contest exists', async () => {
    const hidden = await ask('GET /streams/contests/:private', 'other');
    const missing = await ask('GET /streams/contests/999999', 'other');
    expect(await hidden.text()).toBe(await missing.text());
  });

  it("delivers to each stream its own player's events only", async () => {
    const read = async (who: Who) => {
      const controller = new AbortController();
      const response = await fetch(`${live.url}/streams/players/me?lastEventId=earliest`, {
        headers: { authorization: `Bearer ${tokens.get(who)}` },
        signal: controller.signal,
      });
      let text = '';
      for await (const chunk of response.body as ReadableStream<Uint8Array>) {
        text += new TextDecoder().decode(chunk);
        if (text.includes('event: caught-up')) break;
      }
      controller.abort();
      return text;
    };
    const data = { title: 'for own eyes', message: 'm', playerId: names.get(':own') };
    expect((await live.publish({ type: 'ANNOUNCEMENT', data })).status).toBe(201);
    expect(await read('own')).toContain('for own eyes');
    expect(await read('other')).not.toContain('for own eyes');
  });
});
