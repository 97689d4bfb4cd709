import { beforeAll, describe, expect, it } from 'vitest';
import { CLOSE_REASONS, type StreamOpen } from '../../src/protocol/control.ts';
import { createContest, createPlayer, joinContest, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService, startService } from '../support/service.ts';
import { readStream } from '../support/wire/raw-stream.ts';

const WITHIN = { interval: 10 };
const HEARTBEAT_MS = 60;

/** The rules of docs/protocol.md that no other test states, each on a real stream, read without a client library. */
describe('On the wire', () => {
  const live = prepareService({
    STREAM_RETRY_MS: '1000',
    HEARTBEAT_INTERVAL: String(HEARTBEAT_MS),
    HEARTBEAT_TIMEOUT: '60000',
  });
  let player: PlayerIds;
  let bearer: Record<string, string>;
  beforeAll(async () => {
    player = await createPlayer(live.test.database, { name: 'Ada' });
    bearer = { authorization: `Bearer ${await live.token(player.userId)}` };
  });

  const open = (path: string, headers: Record<string, string> = {}) =>
    readStream(live.url + path, { ...bearer, ...headers });
  const publish = async (title: string): Promise<{ id: number; cursor: string }> => {
    const answer = await live.publish(note(player.playerId, title));
    const { events } = (await answer.json()) as { events: { eventId: number; cursor: string }[] };
    const [event] = events;
    if (!event) throw new Error('nothing was published');
    return { id: event.eventId, cursor: event.cursor };
  };
  const caughtUp = async (stream: Awaited<ReturnType<typeof open>>) =>
    expect.poll(() => stream.events.map(({ event }) => event), WITHIN).toContain('caught-up');
  const opening = (stream: Awaited<ReturnType<typeof open>>) =>
    JSON.parse(stream.events[0]?.data ?? '') as StreamOpen;
  const titles = (stream: Awaited<ReturnType<typeof open>>) =>
    stream.events.flatMap(({ event, data }) =>
      event === 'announcement' ? [(JSON.parse(data) as { title: string }).title] : [],
    );

  it('a stream begins with retry, stream-open and caught-up, and every frame has an id', async () => {
    const stream = await open('/streams/players/me');
    await caughtUp(stream);
    expect(stream.text).toMatch(
      /^retry: \d+\nid: (\d+-[a-z0-9]{4,8})\nevent: stream-open\ndata: \{.*\}\n\nid: \1\nevent: caught-up\ndata: \{"replayed":0\}\n\n/,
    );
    expect(opening(stream)).toEqual({
      streamId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      scopes: [`player:${player.playerId}`],
      requested: null,
      recovered: true,
      heartbeatMs: HEARTBEAT_MS,
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      serverTime: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(stream.events.every(({ lastEventId }) => /^\d+-[a-z0-9]{4,8}$/.test(lastEventId))).toBe(true);
    stream.close();
  });

  it('retry is between one and three times STREAM_RETRY_MS', async () => {
    for (let time = 0; time < 5; time++) {
      const stream = await open('/streams/players/me');
      await caughtUp(stream);
      expect(stream.retry).toBeGreaterThanOrEqual(1_000);
      expect(stream.retry).toBeLessThan(3_000);
      stream.close();
    }
  });

  it('a notification carries its position as the frame’s id, and its fields as JSON', async () => {
    const stream = await open('/streams/players/me');
    await caughtUp(stream);
    const { id, cursor } = await publish('Fields');
    await expect.poll(() => titles(stream), WITHIN).toEqual(['Fields']);
    const frame = stream.events.find(({ event }) => event === 'announcement');
    expect(frame?.lastEventId).toBe(cursor);
    expect(JSON.parse(frame?.data ?? '')).toEqual({
      id,
      eventId: id,
      scope: `player:${player.playerId}`,
      type: 'ANNOUNCEMENT',
      playerId: player.playerId,
      title: 'Fields',
      message: 'm',
      data: { title: 'Fields', message: 'm', severity: 'INFO', playerId: player.playerId },
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    stream.close();
  });

  it('an event that goes to several scopes has one notification in each, with the same eventId', async () => {
    const stream = await open('/streams?scope=player:me&scope=global');
    await caughtUp(stream);
    await live.publish({
      type: 'LEVEL_UP',
      data: { playerId: player.playerId, playerName: 'Ada', oldLevel: 1, newLevel: 2 },
    });
    const found = () =>
      stream.events.filter(({ event }) => event === 'level-up').map(({ data }) => JSON.parse(data));
    await expect.poll(() => found().length, WITHIN).toBe(2);
    const [own, everybody] = found();
    expect([own.scope, own.message]).toEqual([`player:${player.playerId}`, 'You reached level 2']);
    expect([everybody.scope, everybody.message]).toEqual(['global', 'Ada reached level 2']);
    expect(everybody.eventId).toBe(own.eventId);
    expect(everybody.id).toBeGreaterThan(own.id);
    stream.close();
  });

  it('a stream resumes after the cursor it is given, from the header, else from the query', async () => {
    const first = await publish('One');
    const second = await publish('Two');
    await publish('Three');
    for (const [path, headers, expected] of [
      [`?lastEventId=${first.cursor}`, {}, ['Two', 'Three']],
      [`?lastEventId=${first.cursor}`, { 'last-event-id': second.cursor }, ['Three']],
      [`?lastEventId=${first.id}`, {}, ['Two', 'Three']],
    ] as const) {
      const stream = await open(`/streams/players/me${path}`, headers);
      await caughtUp(stream);
      expect(titles(stream)).toEqual(expected);
      expect(opening(stream)).toMatchObject({ recovered: true });
      expect(JSON.parse(stream.events.find(({ event }) => event === 'caught-up')?.data ?? '')).toEqual({
        replayed: expected.length,
      });
      stream.close();
    }
  });

  it('`earliest` replays everything that is kept', async () => {
    const newcomer = await createPlayer(live.test.database);
    await live.publish(note(newcomer.playerId, 'Before anybody listened'));
    const stream = await readStream(`${live.url}/streams/players/me?lastEventId=earliest`, {
      authorization: `Bearer ${await live.token(newcomer.userId)}`,
    });
    await caughtUp(stream);
    expect(titles(stream)).toEqual(['Before anybody listened']);
    expect(opening(stream)).toMatchObject({ requested: 'earliest', recovered: true });
    stream.close();
  });

  it('a cursor of an unknown term, or beyond the head, starts at the head with recovered: false', async () => {
    const { id, cursor } = await publish('Newest');
    const beyond = id + 1_000;
    for (const [requested, lost] of [
      [`${id}-zzzz`, { after: null, through: id }],
      [`${beyond}${cursor.slice(cursor.indexOf('-'))}`, { after: id, through: beyond }],
    ] as const) {
      const stream = await open(`/streams/players/me?lastEventId=${requested}`);
      await caughtUp(stream);
      expect(opening(stream)).toMatchObject({ recovered: false, lost });
      expect(titles(stream)).toEqual([]);
      stream.close();
    }
  });

  it('scopes are said in their canonical spelling, each once, and types are filtered', async () => {
    const scope = `player:${player.playerId}`;
    const stream = await open(`/streams?scope=player:me&scope=global&scope=${scope}&types=ACHIEVEMENT`);
    await caughtUp(stream);
    // What is for the role comes with `global`.
    expect(opening(stream).scopes).toEqual([scope, 'global', 'players']);
    await publish('Not asked for');
    await live.publish({
      type: 'ACHIEVEMENT',
      data: { playerId: player.playerId, achievement: 'wire', name: 'On the wire' },
    });
    await expect.poll(() => stream.events.map(({ event }) => event), WITHIN).toContain('achievement');
    expect(titles(stream)).toEqual([]);
    stream.close();
  });

  it('a leaderboard stream brings the leaderboard whole before caught-up', async () => {
    const contestId = await createContest(live.test.database);
    await joinContest(live.test.database, { contestId, playerId: player.playerId });
    const stream = await open(`/streams/contests/${contestId}/leaderboard`);
    await caughtUp(stream);
    expect(stream.events.map(({ event }) => event).slice(0, 3)).toEqual([
      'stream-open',
      'leaderboard-snapshot',
      'caught-up',
    ]);
    expect(JSON.parse(stream.events[1]?.data ?? '')).toMatchObject({ contestId, frozen: false, total: 1 });
    stream.close();
  });

  it('a quiet stream gets a keepalive comment each heartbeat, and its position after a while', async () => {
    const stream = await open('/streams/global?types=ACHIEVEMENT');
    await caughtUp(stream);
    const { id } = await publish('Elsewhere');
    await expect.poll(() => stream.events.map(({ event }) => event), WITHIN).toContain('position');
    const position = stream.events.find(({ event }) => event === 'position');
    expect(Number(position?.lastEventId.split('-')[0])).toBeGreaterThanOrEqual(id);
    expect(JSON.parse(position?.data ?? '')).toEqual({ serverTime: expect.stringMatching(/Z$/) });
    expect(stream.comments[0]).toMatch(/^keepalive \d+-[a-z0-9]{4,8}$/);
    stream.close();
  });

  it('a ticket opens a stream of its scopes, and is refused for others', async () => {
    const bought = await fetch(`${live.url}/tickets`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify({ scopes: ['player:me'] }),
    });
    expect(bought.status).toBe(201);
    const { ticket, scopes, expiresAt } = (await bought.json()) as Record<string, string>;
    expect(scopes).toEqual([`player:${player.playerId}`]);
    expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(Date.now());
    const stream = await readStream(`${live.url}/streams?ticket=${ticket}`);
    await caughtUp(stream);
    expect(opening(stream).scopes).toEqual([`player:${player.playerId}`]);
    stream.close();
    const refused = await fetch(`${live.url}/streams/global?ticket=${ticket}`);
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'forbidden' }]);
  });

  it('publishing answers 201, its repeat 200, and the key with another body 409', async () => {
    const event = { ...note(player.playerId, 'Once'), idempotencyKey: 'wire:once' };
    const first = await live.publish(event);
    const repeat = await live.publish(event);
    const other = await live.publish({ ...note(player.playerId, 'Twice'), idempotencyKey: 'wire:once' });
    expect([first.status, repeat.status, other.status]).toEqual([201, 200, 409]);
    const [one, two] = [await first.json(), await repeat.json()];
    expect(one.events[0]).toMatchObject({ duplicate: false, cursor: expect.stringMatching(/^\d+-/) });
    expect(two.events).toEqual([{ ...one.events[0], duplicate: true }]);
    expect(await other.json()).toMatchObject({ code: 'idempotency-conflict' });
  });

  it('a problem is application/problem+json with a stable code, and names each wrong field', async () => {
    const answer = await live.publish({ type: 'LEVEL_UP', data: { playerId: 7, oldLevel: 'x' } });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      type: 'urn:codecraft-live:problem:invalid-event',
      status: 422,
      code: 'invalid-event',
      errors: [{ pointer: '/data/oldLevel' }, { pointer: '/data/newLevel' }],
    });
    const missing = await fetch(`${live.url}/streams/global`);
    expect(missing.headers.get('www-authenticate')).toBe('Bearer realm="codecraft-live"');
    expect(await missing.json()).toMatchObject({ status: 401, code: 'token-missing' });
  });

  describe('an end', () => {
    it('of age is said as rotated, with the cursor of what was sent, and invites back', async () => {
      const short = await startService({ STREAM_MAX_AGE_MS: '1500' });
      const { userId, playerId } = await createPlayer(short.test.database);
      const headers = { authorization: `Bearer ${await short.token(userId)}` };
      const stream = await readStream(`${short.url}/streams/players/me`, headers);
      await caughtUp(stream);
      await short.publish(note(playerId, 'Before the end'));
      await expect.poll(() => stream.ended, WITHIN).toBe(true);
      const last = stream.events.at(-1);
      expect(last?.event).toBe('stream-close');
      expect(JSON.parse(last?.data ?? '')).toEqual({ reason: 'rotated', reconnect: true });
      const next = await readStream(`${short.url}/streams/players/me`, {
        ...headers,
        'last-event-id': last?.lastEventId ?? '',
      });
      await caughtUp(next);
      expect([...titles(stream), ...titles(next)]).toEqual(['Before the end']);
      next.close();
      await short.close();
    });

    it('for good says reconnect: false and asks a client that returns all the same to wait a minute', async () => {
      const stream = await open('/streams/players/me');
      await caughtUp(stream);
      const { streamId } = opening(stream);
      const closed = await fetch(`${live.url}/sessions/${streamId}`, { method: 'DELETE', headers: bearer });
      expect(closed.status).toBe(204);
      await expect.poll(() => stream.ended, WITHIN).toBe(true);
      expect(JSON.parse(stream.events.at(-1)?.data ?? '')).toEqual({
        reason: 'disconnected',
        reconnect: false,
      });
      expect(stream.retry).toBe(60_000);
    });

    it('has one of eight reasons, each of which says whether to reconnect', () => {
      const said = Object.entries(CLOSE_REASONS).map(([reason, { reconnect }]) => [reason, reconnect]);
      expect(Object.fromEntries(said)).toEqual({
        expired: true,
        revoked: false,
        disconnected: false,
        slow: true,
        shutdown: true,
        rotated: true,
        replaced: false,
        reset: true,
      });
    });
  });
});
