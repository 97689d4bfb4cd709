import { beforeAll, describe, expect, it } from 'vitest';
import { truthOf } from '../leaderboard/fixture.ts';
import { LeaderboardClient } from '../support/client/leaderboard-client.ts';
import {
  createContest,
  createPlayer,
  createUser,
  joinContest,
  type PlayerIds,
  setScore,
} from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST, getLeaderboard, readPage, readWhole } from '../support/wire/leaderboard-http.ts';

const MODES = ['PRECISION', 'GRINDER', 'LEGEND'] as const;

describe('GET /contests/{id}/leaderboard', () => {
  const live = prepareService(FAST);
  let contestId: number;
  const players: PlayerIds[] = [];
  let token: string;
  beforeAll(async () => {
    contestId = await createContest(live.test.database);
    for (let index = 0; index < 25; index++) {
      const player = await createPlayer(live.test.database);
      players.push(player);
      const finalRating = 1_000 - 10 * Math.floor(index / 2);
      const mode = MODES[index % 3] as (typeof MODES)[number];
      await joinContest(live.test.database, { contestId, playerId: player.playerId, finalRating, mode });
    }
    token = await live.token((players[12] as PlayerIds).userId);
  });

  it('is there as soon as a player joined', async () => {
    await until(async () => (await readPage(live, contestId, token)).total === 25);
  });

  it('pages through everybody once, with ranks that ties share', async () => {
    const rows = [];
    for (let offset = 0; offset < 25; offset += 7)
      rows.push(...(await readPage(live, contestId, token, `limit=7&offset=${offset}`)).rows);
    expect(rows).toEqual(await readWhole(live, contestId, token));
    expect(rows.map(({ playerId, rank }) => [playerId, rank])).toEqual(
      (await truthOf(live.test.database, contestId)).map(([id, place]) => [id, place]),
    );
    expect(await readPage(live, contestId, token, 'offset=1000')).toMatchObject({ rows: [], total: 25 });
  });

  it('shows the rows around the caller', async () => {
    const me = (players[12] as PlayerIds).playerId;
    const page = await readPage(live, contestId, token, 'around=me&limit=5');
    expect(page.rows.map(({ playerId }) => playerId)[2]).toBe(me);
    expect(page).toMatchObject({ offset: 10, total: 25 });
    for (const [index, offset] of [
      [0, 0],
      [24, 20],
    ] as const) {
      const { userId, playerId } = players[index] as PlayerIds;
      const edge = await readPage(live, contestId, await live.token(userId), 'around=me&limit=5');
      expect(edge.offset).toBe(offset);
      expect(edge.rows).toHaveLength(5);
      expect(edge.rows.map((row) => row.playerId)).toContain(playerId);
    }
  });

  it('says so where the caller is not among them, or plays no role at all', async () => {
    const stranger = await live.token((await createPlayer(live.test.database)).userId);
    const company = await live.token(await createUser(live.test.database, { role: 'COMPANY' }));
    const codes = await Promise.all(
      [
        [stranger, 'around=me'],
        [company, 'around=me'],
        [token, 'around=me&mode=GRINDER'],
        [token, 'around=you'],
        [token, 'mode=FAST'],
      ].map(async ([who, query]) => {
        const response = await getLeaderboard(live, contestId, who as string, query);
        return [response.status, ((await response.json()) as { code: string }).code];
      }),
    );
    expect(codes).toEqual([
      [404, 'not-in-standings'],
      [403, 'no-player'],
      [404, 'not-in-standings'],
      [400, 'invalid-query'],
      [400, 'invalid-query'],
    ]);
  });

  it('of one mode keeps the ranks among all', async () => {
    const whole = await readWhole(live, contestId, token);
    const { rows, total } = await readPage(live, contestId, token, 'mode=GRINDER&limit=200');
    expect(rows).toEqual(whole.filter(({ mode }) => mode === 'GRINDER'));
    expect(total).toBe(rows.length);
  });

  it('answers 304 to who has it already, per part and version', async () => {
    const first = await getLeaderboard(live, contestId, token, 'limit=5');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    const again = (query: string, tag: string) =>
      getLeaderboard(live, contestId, token, query, { 'if-none-match': tag });
    const same = await again('limit=5', `"other", ${etag}`);
    expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', etag]);
    for (const query of ['limit=6', 'limit=5&offset=1', 'limit=5&mode=LEGEND'])
      expect((await again(query, etag)).status).toBe(200);
    const { version } = await readPage(live, contestId, token);
    await setScore(live.test.database, contestId, (players[24] as PlayerIds).playerId, 5);
    await until(async () => (await readPage(live, contestId, token)).version > version);
    expect((await again('limit=5', etag)).status).toBe(200);
  });

  it('gives a cursor from which a stream misses nothing', async () => {
    const { cursor, version } = await readPage(live, contestId, token);
    const { playerId } = players[0] as PlayerIds;
    await setScore(live.test.database, contestId, playerId, 77);
    await until(async () => (await readPage(live, contestId, token)).version > version);
    const client = new LeaderboardClient(
      `${live.url}/streams/contests/${contestId}/leaderboard?lastEventId=${cursor}`,
      token,
    );
    await client.connect();
    expect(client.received.map(({ event }) => event)).toEqual([
      'stream-open',
      'leaderboard-snapshot',
      'caught-up',
    ]);
    expect(client.leaderboard?.rows.get(playerId)?.finalRating).toBe(77);
    expect(client.rows).toEqual(await readWhole(live, contestId, token));
  });

  it('of a contest that is gone is gone', async () => {
    const gone = await createContest(live.test.database);
    expect((await getLeaderboard(live, gone, token)).status).toBe(200);
    await live.test.database.execute('DELETE FROM contest WHERE id = ?', [gone]);
    await until(async () => (await getLeaderboard(live, gone, token)).status === 404);
  });
});
