import { beforeAll, describe, expect, it } from 'vitest';
import {
  createContest,
  createPlayer,
  createProblem,
  createUser,
  joinContest,
} from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';

/** Who asks, in the order of the columns below. */
const WHO = [
  'own',
  'other',
  'participant',
  'company',
  'admin',
  'service',
  'ticket',
  'foreign',
  'banned',
  'expired',
  'none',
] as const;
type Who = (typeof WHO)[number];

/**
 * What each may do. `own` owns player scope, problem and notification; `participant` takes part in the private contest,
 * `own` and `other` do not; `ticket` is one of `own`, for its player and the public contest; `foreign` is the cookie of
 * `own` sent by another site's page. What belongs to another player and what does not exist answer alike: 404.
 */
const MATRIX: readonly [what: string, ...answers: number[]][] = [
  //                             own  other part comp admin svc tick forn ban  exp  none
  ['GET /streams/players/:own', 200, 404, 404, 404, 200, 403, 200, 403, 403, 401, 401],
  ['GET /streams/players/me', 200, 200, 200, 403, 403, 403, 200, 403, 403, 401, 401],
  ['GET /streams/players/999999', 404, 404, 404, 404, 404, 403, 403, 403, 403, 401, 401],
  ['GET /streams/contests/:public', 200, 200, 200, 200, 200, 403, 200, 403, 403, 401, 401],
  ['GET /streams/contests/:private', 404, 404, 200, 404, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams/contests/:draft', 404, 404, 404, 404, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams/contests/999999', 404, 404, 404, 404, 404, 403, 403, 403, 403, 401, 401],
  ['GET /streams/contests/:public/leaderboard', 200, 200, 200, 200, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams/contests/:private/leaderboard', 404, 404, 200, 404, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams/problems/:problem', 200, 200, 200, 200, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams/problems/999999', 404, 404, 404, 404, 404, 403, 403, 403, 403, 401, 401],
  ['GET /streams/global', 200, 200, 200, 200, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams', 400, 400, 400, 400, 400, 403, 200, 403, 403, 401, 401],
  ['GET /streams?scope=ops', 404, 404, 404, 404, 200, 403, 403, 403, 403, 401, 401],
  [
    'GET /streams?scope=contest::public:leaderboard:real',
    404,
    404,
    404,
    404,
    200,
    403,
    403,
    403,
    403,
    401,
    401,
  ],
  ['GET /streams?scope=global&scope=player::own', 200, 404, 404, 404, 200, 403, 403, 403, 403, 401, 401],
  ['GET /streams?scope=global&scope=contest::private', 404, 404, 200, 404, 200, 403, 403, 403, 403, 401, 401],
  ['POST /streams/:unknown/refresh', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['POST /tickets player::own', 201, 404, 404, 404, 201, 403, 401, 403, 403, 401, 401],
  ['POST /tickets contest::private', 404, 404, 201, 404, 201, 403, 401, 403, 403, 401, 401],
  ['POST /tickets ops', 404, 404, 404, 404, 201, 403, 401, 403, 403, 401, 401],
  ['GET /contests', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:public', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:private', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:draft', 404, 404, 404, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/999999', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:public/leaderboard', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:public/leaderboard?around=me', 404, 404, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:private/leaderboard', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:private/leaderboard?around=me', 404, 404, 200, 404, 403, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:private/leaderboard?mode=LEGEND', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:draft/leaderboard?offset=1', 404, 404, 404, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/999999/leaderboard', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:public/scoreboard', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:private/scoreboard', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/999999/scoreboard', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['GET /clics', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:public', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:private', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:draft', 404, 404, 404, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/999999', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:private/access', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:private/state', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:public/event-feed', 200, 200, 200, 200, 200, 403, 200, 403, 403, 401, 401],
  ['GET /clics/contests/:private/event-feed', 404, 404, 200, 404, 200, 403, 403, 403, 403, 401, 401],
  ['GET /clics/contests/:private/teams', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:private/nothing', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['GET /clics/contests/:private/judgement-types/AC', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:public/reveal', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:private/reveal', 404, 404, 200, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:draft/reveal', 404, 404, 404, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /contests/999999/reveal', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:public/reveal/standings', 409, 409, 409, 409, 409, 403, 401, 403, 403, 401, 401],
  ['GET /contests/:private/reveal/standings', 404, 404, 409, 404, 409, 403, 401, 403, 403, 401, 401],
  ['GET /contests/999999/reveal/standings', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  // Neither contest is over: an admin may, and there is nothing to reveal.
  ['POST /contests/:public/reveal', 403, 403, 403, 403, 409, 403, 401, 403, 403, 401, 401],
  ['POST /contests/999999/reveal', 403, 403, 403, 403, 404, 403, 401, 403, 403, 401, 401],
  ['POST /contests/:public/reveal/steps', 403, 403, 403, 403, 409, 403, 401, 403, 403, 401, 401],
  ['POST /contests/:private/reveal/steps', 403, 403, 403, 403, 409, 403, 401, 403, 403, 401, 401],
  ['POST /contests/999999/reveal/steps', 403, 403, 403, 403, 404, 403, 401, 403, 403, 401, 401],
  ['GET /leaderboard', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /players/online', 200, 200, 200, 200, 200, 403, 401, 403, 403, 401, 401],
  ['GET /players/:own/activity', 200, 404, 404, 404, 200, 403, 401, 403, 403, 401, 401],
  ['GET /players/me/activity', 200, 200, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['GET /players/999999/activity', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['GET /notifications', 200, 200, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['GET /notifications/counts', 200, 200, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['PUT /notifications/:note/seen', 200, 404, 404, 403, 403, 403, 401, 403, 403, 401, 401],
  ['PUT /notifications/:note/read', 200, 404, 404, 403, 403, 403, 401, 403, 403, 401, 401],
  ['DELETE /notifications/:note/read', 200, 404, 404, 403, 403, 403, 401, 403, 403, 401, 401],
  ['PUT /notifications/:note/archived', 200, 404, 404, 403, 403, 403, 401, 403, 403, 401, 401],
  ['DELETE /notifications/:note/archived', 200, 404, 404, 403, 403, 403, 401, 403, 403, 401, 401],
  ['PUT /notifications/:privateNote/read', 404, 404, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['PUT /notifications/999999/read', 404, 404, 404, 403, 403, 403, 401, 403, 403, 401, 401],
  ['POST /notifications/seen', 200, 200, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['POST /notifications/read', 200, 200, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['POST /notifications/archived', 200, 200, 200, 403, 403, 403, 401, 403, 403, 401, 401],
  ['GET /sessions', 403, 403, 403, 403, 200, 403, 401, 403, 403, 401, 401],
  ['DELETE /sessions/:unknown', 404, 404, 404, 404, 404, 403, 401, 403, 403, 401, 401],
  ['POST /users/:unknown/revocations', 403, 403, 403, 403, 404, 403, 401, 403, 403, 401, 401],
  ['POST /events', 403, 403, 403, 403, 403, 201, 401, 403, 403, 401, 401],
  ['GET /health', 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  ['GET /ready', 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  ['GET /metrics', 403, 403, 403, 403, 200, 200, 401, 403, 403, 401, 401],
  // The demo is open to every caller, and signs in only its own players.
  ['GET /demo/players', 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200],
  ['POST /demo/tokens', 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404],
];

/** What answers any caller, and shows nothing of a player: the pages, and the description of the API. */
const PAGES = /^GET \/(?:debug|ops|docs|docs\/start\.js|docs\/:file|assets\/:file|openapi\.json)?$/;

describe('No caller gets what is not theirs', () => {
  const live = prepareService({ METRICS: 'private', DEMO: 'on-this-database', DEMO_INTERVAL_MS: '86400000' });
  const headers = new Map<Who, Record<string, string>>();
  const names = new Map<string, number | string>();
  const bodies = new Map<string, unknown>();
  let ticket = '';
  /** What the API description says: of each route the statuses that it answers with. */
  const routes = new Map<string, readonly string[]>();

  const id = (name: string) => Number(names.get(name));
  const bearer = async (userId: number, ttlS?: number) => ({
    authorization: `Bearer ${await live.token(userId, ttlS)}`,
  });

  beforeAll(async () => {
    const { paths } = (await (await fetch(`${live.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { responses: object }>>;
    };
    for (const [path, operations] of Object.entries(paths))
      for (const [method, { responses }] of Object.entries(operations))
        routes.set(`${method.toUpperCase()} ${path}`, Object.keys(responses));
    const { database } = live.test;
    const own = await createPlayer(database);
    const other = await createPlayer(database);
    const participant = await createPlayer(database);
    const banned = await createPlayer(database, { status: 'BANNED' });
    names.set(':own', own.playerId);
    names.set(':public', await createContest(database));
    names.set(':private', await createContest(database, { isPublic: false, title: 'Behind closed doors' }));
    names.set(':draft', await createContest(database, { status: 'DRAFT' }));
    names.set(':problem', await createProblem(database));
    names.set(':unknown', '0b7a2c1e-7a43-4d7f-9a2f-1f0f3b1c2d3e');
    names.set(':unknown', 999_999);
    for (const contest of [':public', ':private'])
      await joinContest(database, { contestId: id(contest), playerId: participant.playerId });
    names.set(':note', await published(note(own.playerId, 'for own eyes')));
    const inside = { title: 'Among us', message: 'm', contestId: id(':private') };
    names.set(':privateNote', await published({ type: 'ANNOUNCEMENT', data: inside }));

    headers.set('own', await bearer(own.userId));
    headers.set('other', await bearer(other.userId));
    headers.set('participant', await bearer(participant.userId));
    headers.set('company', await bearer(await createUser(database, { role: 'COMPANY' })));
    headers.set('admin', await bearer(await createUser(database, { role: 'ADMIN' })));
    headers.set('service', { authorization: `Bearer ${live.serviceToken}` });
    headers.set('banned', await bearer(banned.userId));
    headers.set('expired', await bearer(own.userId, -60));
    headers.set('none', {});
    headers.set('ticket', {});
    headers.set('foreign', {
      cookie: `token=${await live.token(own.userId)}`,
      origin: 'https://evil.example',
    });
    bodies.set('/events', { type: 'ANNOUNCEMENT', data: { title: 't', message: 'm' } });
    bodies.set('/demo/tokens', { playerId: own.playerId });
    for (const contest of [id(':public'), id(':private'), 999_999])
      bodies.set(`/contests/${contest}/reveal/steps`, { step: 1 });
    for (const mark of ['seen', 'read', 'archived'])
      bodies.set(`/notifications/${mark}`, { ids: [id(':note')] });
    const scopes = [`player:${own.playerId}`, `contest:${id(':public')}`];
    const bought = await fetch(`${live.url}/tickets`, {
      method: 'POST',
      headers: { ...headers.get('own'), 'content-type': 'application/json' },
      body: JSON.stringify({ scopes }),
    });
    ticket = ((await bought.json()) as { ticket: string }).ticket;
  });

  /** The statuses that are described of what is asked. */
  function described(what: string): readonly string[] {
    const [asked = ''] = /^\S+ [^ ?]+/.exec(what) ?? [];
    for (const [route, statuses] of routes)
      if (new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(asked)) return statuses;
    return [];
  }

  /** @returns the position of an event's first notification */
  async function published(event: unknown): Promise<number> {
    const answer = await live.publish(event);
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { events: { eventId: number }[] }).events[0]?.eventId ?? 0;
  }

  async function ask(what: string, who: Who): Promise<Response> {
    const filled = what.replace(/:[a-zA-Z]+/g, (name) => String(names.get(name) ?? name));
    const [method, path, scope] = filled.split(' ') as [string, string, string | undefined];
    const url = new URL(live.url + path);
    if (who === 'ticket') url.searchParams.set('ticket', ticket);
    const controller = new AbortController();
    const body = scope === undefined ? bodies.get(url.pathname) : { scopes: [scope] };
    const response = await fetch(url, {
      method,
      headers: {
        ...headers.get(who),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: controller.signal,
    });
    const endless = /^(text\/event-stream|application\/x-ndjson)/.test(
      response.headers.get('content-type') ?? '',
    );
    const text = endless ? '' : await response.text();
    if (endless) controller.abort();
    return new Response(text === '' ? null : text, { status: response.status });
  }

  describe.each(MATRIX)('%s', (what, ...answers) => {
    it.each(WHO.map((who, index) => [who, answers[index] as number] as const))(
      '%s: %i',
      async (who, status) => {
        expect((await ask(what, who)).status).toBe(status);
        expect(described(what)).toContain(String(status));
      },
    );
  });

  it('is asked of every route that there is', async () => {
    const answered = MATRIX.map(([what]) => described(what));
    expect(routes.size).toBeGreaterThan(30);
    expect(
      [...routes].filter(([, statuses]) => !answered.includes(statuses)).map(([route]) => route),
    ).toEqual([]);

    // And none is kept from the description.
    const served = live.service.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`)
      .filter((route) => !PAGES.test(route));
    const toBraces = (route: string) => route.replaceAll(/:(\w+)/g, '{$1}');
    expect([...new Set(served.map(toBraces))].sort()).toEqual([...routes.keys()].sort());
  });

  it.each([
    ['GET /streams/contests/:private', 'GET /streams/contests/999999'],
    ['GET /contests/:private', 'GET /contests/999999'],
    ['GET /contests/:draft/leaderboard', 'GET /contests/999999/leaderboard'],
    ['GET /contests/:private/leaderboard?around=me', 'GET /contests/999999/leaderboard?around=me'],
    ['POST /tickets contest::private', 'POST /tickets contest:999999'],
    ['PUT /notifications/:note/read', 'PUT /notifications/999999/read'],
    ['GET /players/:own/activity', 'GET /players/999999/activity'],
  ])('%s says to others what %s says', async (hidden, missing) => {
    // A refusal may name what was asked for, in the caller's own words.
    const answer = async (what: string) =>
      (await (await ask(what, 'other')).text()).replaceAll(/"contest:\d+"/g, '"contest:…"');
    expect(await answer(hidden)).toBe(await answer(missing));
  });

  it('lists only contests that the viewer may see', async () => {
    const seen = async (who: Who) => {
      const answer = await ask('GET /contests', who);
      const { contests } = (await answer.json()) as { contests: { id: number }[] };
      return [':public', ':private', ':draft'].filter((name) => contests.some((one) => one.id === id(name)));
    };
    expect(await seen('other')).toEqual([':public']);
    expect(await seen('participant')).toEqual([':public', ':private']);
    expect(await seen('company')).toEqual([':public']);
    expect(await seen('admin')).toEqual([':public', ':private', ':draft']);
  });

  /** All that is kept, up to where `end` is in it. */
  async function replayOf(
    path: string,
    who: Record<string, string> | undefined,
    end = 'event: caught-up',
    received: (text: string) => void = () => {},
  ): Promise<string> {
    const controller = new AbortController();
    const response = await fetch(`${live.url}${path}?lastEventId=earliest`, {
      headers: who ?? {},
      signal: controller.signal,
    });
    let text = '';
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += new TextDecoder().decode(chunk);
      received(text);
      if (text.includes(end)) break;
    }
    controller.abort();
    return text;
  }

  it("delivers, keeps and counts for each player what is the player's own", async () => {
    expect(await replayOf('/streams/players/me', headers.get('own'))).toContain('for own eyes');
    expect(await replayOf('/streams/players/me', headers.get('other'))).not.toContain('for own eyes');
    const inbox = async (who: Who) => {
      const page = await (await ask('GET /notifications?archived=true', who)).text();
      return page + (await (await ask('GET /notifications', who)).text());
    };
    const total = async (who: Who) =>
      ((await (await ask('GET /notifications/counts', who)).json()) as { total: number }).total;
    expect(await inbox('own')).toContain('for own eyes');
    for (const who of ['other', 'participant'] as const) expect(await inbox(who)).not.toContain('own eyes');
    expect(await inbox('participant')).toContain('Among us');
    expect(await inbox('other')).not.toContain('Among us');
    expect(await total('participant')).toBe((await total('other')) + 1);
  });

  it('publishes nothing of a private contest to those who watch a problem', async () => {
    const player = await createPlayer(live.test.database);
    const solved = (contestId: number, contestTitle: string) => ({
      type: 'PROBLEM_SOLVED',
      data: { playerId: player.playerId, problemId: id(':problem'), contestId, contestTitle },
    });
    await published(solved(id(':private'), 'Behind closed doors'));
    await published(solved(id(':draft'), 'Not out yet'));
    await published(solved(id(':public'), 'In the open'));
    const seen = await replayOf(`/streams/problems/${id(':problem')}`, headers.get('other'));
    expect(seen).toContain('In the open');
    expect(seen).not.toMatch(/closed doors|Not out yet/);
    const inside = await replayOf(`/streams/contests/${id(':private')}`, headers.get('participant'));
    expect(inside).toContain('closed doors');
  });

  it('ends with the right to it, for streams that are open and for any that would replay', async () => {
    const { database } = live.test;
    const kicked = await createContest(database, { isPublic: false });
    const closed = await createContest(database);
    const withdrawn = await createContest(database);
    const cases = await Promise.all(
      [
        ['UPDATE users SET status = ? WHERE id = ?', 'SUSPENDED', 403],
        ['DELETE FROM contest_participant WHERE contest_id = ?', kicked, 404],
        ['UPDATE contest SET is_public = 0 WHERE id = ?', closed, 404],
        ["UPDATE contest SET status = 'DRAFT' WHERE id = ?", withdrawn, 404],
      ].map(async ([sql, value, status]) => {
        const { userId, playerId } = await createPlayer(database);
        await joinContest(database, { contestId: kicked, playerId });
        const about = typeof value === 'number' ? value : undefined;
        const path = about === undefined ? '/streams/players/me' : `/streams/contests/${about}`;
        const values = about === undefined ? [value, userId] : [about];
        return { sql: String(sql), values, path, status, who: await bearer(userId) };
      }),
    );
    const ended = cases.map(({ path, who }) => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      const text = replayOf(path, who, 'event: stream-close', (received) => {
        if (received.includes('caught-up')) open();
      });
      return { opened, text };
    });
    await Promise.all(ended.map(({ opened }) => opened));
    for (const { sql, values } of cases) await database.execute(sql, values);
    for (const { text } of ended)
      expect(await text).toContain('event: stream-close\ndata: {"reason":"revoked","reconnect":false}');
    for (const { path, who, status } of cases) {
      const again = await fetch(`${live.url}${path}?lastEventId=earliest`, { headers: who });
      expect([path, again.status]).toEqual([path, status]);
      await again.body?.cancel();
    }
  });
});
