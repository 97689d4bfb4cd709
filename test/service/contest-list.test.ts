import { beforeAll, describe, expect, test } from 'vitest';
import { createContest, createPlayer, createUser, joinContest } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';

interface Page {
  readonly contests: readonly { readonly id: number; readonly joined: boolean }[];
  readonly next: number | null;
  readonly cursor: string;
  readonly serverTime: string;
}

describe('GET /contests', () => {
  const live = prepareService();
  let participant: number;
  let other: number;
  let open: number;
  let hidden: number;
  let draft: number;

  beforeAll(async () => {
    const { database } = live.test;
    const inside = await createPlayer(database);
    participant = inside.userId;
    other = (await createPlayer(database)).userId;
    open = await createContest(database);
    hidden = await createContest(database, { isPublic: false });
    draft = await createContest(database, { status: 'DRAFT' });
    await joinContest(database, { contestId: hidden, playerId: inside.playerId });
  });

  const get = async (path: string, userId: number | undefined) =>
    fetch(live.url + path, {
      headers: userId === undefined ? {} : { authorization: `Bearer ${await live.token(userId)}` },
    });
  const page = async (query: string, userId: number) =>
    (await (await get(`/contests${query}`, userId)).json()) as Page;
  const idsOf = ({ contests }: Page) => contests.map(({ id }) => id);

  test('shows each what is theirs to see, from a cursor that a stream can be opened at', async () => {
    const mine = await page('', participant);
    expect(mine.contests.map(({ id, joined }) => [id, joined])).toEqual([
      [hidden, true],
      [open, false],
    ]);
    expect(mine).toMatchObject({ next: null, cursor: expect.stringMatching(/^\d+-/) });
    expect(Date.parse(mine.serverTime)).toBeGreaterThan(0);
    expect(idsOf(await page('', other))).toEqual([open]);
    const company = await createUser(live.test.database, { role: 'COMPANY' });
    expect(idsOf(await page('', company))).toEqual([open]);
    const admin = await createUser(live.test.database, { role: 'ADMIN' });
    expect(idsOf(await page('', admin))).toEqual([draft, hidden, open]);
  });

  test('comes in pages', async () => {
    const first = await page('?limit=1', participant);
    expect([idsOf(first), first.next]).toEqual([[hidden], hidden]);
    const second = await page(`?limit=1&before=${first.next}&status=LIVE,ENDED`, participant);
    expect([idsOf(second), second.next]).toEqual([[open], null]);
  });

  test.each([
    '?limit=0',
    '?limit=101',
    '?limit=x',
    '?before=0',
    '?before=-1',
    '?status=',
    '?status=LIVE,live',
  ])('refuses %s', async (query) => {
    const response = await get(`/contests${query}`, other);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid-query' }]);
  });

  test('is for users alone', async () => {
    expect((await get('/contests', undefined)).status).toBe(401);
    const headers = { authorization: `Bearer ${live.serviceToken}` };
    expect((await fetch(`${live.url}/contests`, { headers })).status).toBe(403);
  });

  test('of one contest answers as if there was none to those who may not see it', async () => {
    expect((await get(`/contests/${hidden}`, participant)).status).toBe(200);
    expect(await (await get(`/contests/${open}`, other)).json()).toMatchObject({ id: open, status: 'LIVE' });
    const missing = await get('/contests/999999', other);
    expect(missing.status).toBe(404);
    const text = await missing.text();
    for (const id of [hidden, draft]) {
      const answer = await get(`/contests/${id}`, other);
      expect([answer.status, await answer.text()]).toEqual([404, text]);
    }
  });
});
