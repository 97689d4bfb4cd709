import { beforeAll, describe, expect, it } from 'vitest';
import type { Reveal, RevealedStep } from '../../src/protocol/api/reveal.ts';
import type { Cell } from '../../src/protocol/cells.ts';
import type { LeaderboardRow } from '../../src/protocol/leaderboard.ts';
import { LeaderboardClient } from '../support/client/leaderboard-client.ts';
import { createFrozenContest, type FrozenContest, REVEAL_ORDER } from '../support/database/frozen-contest.ts';
import { createContest, createUser, setFrozen } from '../support/database/platform.ts';
import { prepareService } from '../support/service.ts';
import { until as untilWithin } from '../support/until.ts';
import { FAST, getLeaderboard } from '../support/wire/leaderboard-http.ts';

type Row = LeaderboardRow & { readonly cells: Cell[] };

/** How long the leader may take to find a change that nothing reports, on a busy machine. */
const PATIENCE_MS = 45_000;
const until = (condition: () => unknown) => untilWithin(condition, PATIENCE_MS);

describe('The reveal of frozen standings', { timeout: 180_000 }, () => {
  const live = prepareService(FAST);
  let admins: [string, string];
  beforeAll(async () => {
    const { database } = live.test;
    const token = async () => live.token(await createUser(database, { role: 'ADMIN' }));
    admins = [await token(), await token()];
  });

  const reveals = (contestId: number, path: string, token: string, body?: unknown) =>
    fetch(`${live.url}/contests/${contestId}/reveal${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const take = async (contestId: number, step: number, extent = 'cell', token = admins[0]) => {
    const response = await reveals(contestId, '/steps', token, { step, extent });
    expect(response.status).toBe(200);
    return (await response.json()) as RevealedStep;
  };
  const read = async (contestId: number, token = admins[0]) => {
    const response = await fetch(`${live.url}/contests/${contestId}/reveal`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Reveal;
  };
  const rows = async (contestId: number, token: string, query = 'cells=1'): Promise<Row[]> => {
    const response = await getLeaderboard(live, contestId, token, query);
    return ((await response.json()) as { rows: Row[] }).rows;
  };
  const published = async (contestId: number, type: string) =>
    (
      await live.test.database.query<{ scope: string }>(
        'SELECT scope FROM notification WHERE type = ? AND data LIKE ? ORDER BY id',
        [type, `%"contestId":${contestId}%`],
      )
    ).map(({ scope }) => scope);

  /** A frozen contest, and the token of one of its players. */
  async function frozenContest(): Promise<FrozenContest & { readonly token: string }> {
    const reader = await live.token(await createUser(live.test.database));
    const contest = await createFrozenContest(live.test.database, async (contestId) => {
      const shown = await rows(contestId, reader);
      return shown.slice(0, 3).every(({ cells }) => cells.length > 0) ? shown : [];
    });
    return { ...contest, token: await live.token(contest.players[3].userId) };
  }
  async function openContest() {
    const contest = await frozenContest();
    expect((await reveals(contest.contestId, '', admins[0])).status).toBe(200);
    return contest;
  }
  const follow = async (contestId: number, token: string) => {
    const client = new LeaderboardClient(
      `${live.url}/streams?scope=contest:${contestId}:leaderboard&scope=contest:${contestId}&cells=1`,
      token,
    );
    await client.connect();
    return client;
  };
  const ratings = (all: readonly LeaderboardRow[]) => all.map(({ finalRating }) => finalRating);

  it('opens cell by cell as ICPC’s resolver does, for everybody at once, and ends at the real standings', async () => {
    const { contestId, players, problems, token } = await frozenContest();
    const hidden = { playerId: players[1].playerId, problemId: problems[1], contestId };
    expect((await live.publish({ type: 'PROBLEM_SOLVED', data: hidden })).status).toBe(201);
    const [player, admin] = [await follow(contestId, token), await follow(contestId, admins[0])];
    const real = await rows(contestId, admins[0]);
    const start = await rows(contestId, token);
    expect(ratings(start)).toEqual([300, 200, 100, 0]);
    expect(ratings(real)).toEqual([400, 350, 300, 0]);
    expect(await read(contestId, token)).toMatchObject({ state: 'none', step: 0 });

    const opened = await reveals(contestId, '', admins[0]);
    expect(await opened.json()).toMatchObject({
      state: 'open',
      step: 0,
      last: { pending: 4, next: { playerId: players[2].playerId, problemId: problems[0] } },
    });
    const shown = [
      [300, 200, 100, 0],
      [350, 300, 200, 0],
      [400, 350, 300, 0],
      [400, 350, 300, 0],
    ];
    const openedCells = new Set<string>();
    for (const [index, [who, which]] of REVEAL_ORDER.entries()) {
      const step = await take(contestId, index + 1);
      expect(step).toMatchObject({
        step: index + 1,
        playerId: players[who].playerId,
        cells: [{ problemId: problems[which] }],
        pending: 3 - index,
        settled: index !== 0,
        finished: index === 3,
        duplicate: false,
      });
      openedCells.add(`${players[who].playerId}/${problems[which]}`);
      if (step.finished) break;
      // What is not opened is shown as at the freeze in every view for players.
      for (const [reader, query] of [
        [token, 'cells=1'],
        [admins[0], 'cells=1&shown=1'],
      ] as const) {
        const now = await rows(contestId, reader, query);
        expect(ratings(now)).toEqual(shown[index]);
        for (const { playerId, cells } of now)
          for (const cell of cells) {
            const from = openedCells.has(`${playerId}/${cell.problemId}`) ? real : start;
            const known = from.find((row) => row.playerId === playerId)?.cells;
            const { first: _, ...rest } = known?.find(({ problemId }) => problemId === cell.problemId) ?? {};
            const { first: __, ...same } = cell;
            expect(same).toEqual(rest);
          }
      }
      expect(await read(contestId, token)).toMatchObject({
        state: 'open',
        step: index + 1,
        last: { step: index + 1 },
      });
      expect(await published(contestId, 'CONTEST_RESULTS')).toEqual([]);
    }

    await expect.poll(() => rows(contestId, token), { timeout: PATIENCE_MS, interval: 100 }).toEqual(real);
    await until(() => !player.frozen && !admin.frozen);
    expect(await read(contestId, token)).toMatchObject({ state: 'finished', step: 4 });
    for (const client of [player, admin]) {
      expect(client.of('contest-reveal')).toHaveLength(2);
      expect(
        client
          .of('contest-reveal-step')
          .map(({ playerId, cells }) => [playerId, (cells as Cell[])[0]?.problemId]),
      ).toEqual(REVEAL_ORDER.map(([who, which]) => [players[who].playerId, problems[which]]));
      expect(client.missed).toBe(0);
      expect(client.rows).toEqual(real.map(({ cells: _, ...row }) => row));
    }
    // What the freeze deferred follows.
    await until(async () => (await published(contestId, 'CONTEST_RESULTS')).length === 1);
    await until(async () => (await published(contestId, 'PROBLEM_SOLVED')).includes(`contest:${contestId}`));
    await until(async () =>
      (await published(contestId, 'RANK_CHANGE')).includes(`player:${players[1].playerId}`),
    );
    const { status } = await reveals(contestId, '/steps', admins[0], { step: 5 });
    expect(status).toBe(409);
  });

  it('is read by everybody as one body, whole, which is not sent again to those who have it', async () => {
    const { contestId, token } = await openContest();
    const readShown = (as: string, headers: Record<string, string> = {}) =>
      fetch(`${live.url}/contests/${contestId}/reveal/standings?freeze=1&step=0`, {
        headers: { authorization: `Bearer ${as}`, ...headers },
      });
    const [one, other] = [await readShown(token), await readShown(admins[0])];
    const etag = one.headers.get('etag') ?? '';
    expect([other.headers.get('etag'), one.headers.get('content-type')]).toEqual([etag, 'application/json']);
    const body = await one.text();
    expect(await other.text()).toBe(body);
    const plain = await readShown(token, { 'accept-encoding': 'identity' });
    expect([one, plain].map(({ headers }) => headers.get('content-encoding'))).toEqual(['gzip', null]);
    expect(plain.headers.get('etag')).not.toBe(etag);
    expect(await plain.text()).toBe(body);
    const shown = JSON.parse(body) as { rows: Row[]; cursor: string };
    expect(shown.rows).toEqual(await rows(contestId, token));
    expect((await readShown(token, { 'if-none-match': etag })).status).toBe(304);
    // A stream opened at its cursor has what follows.
    await take(contestId, 1, 'row');
    const stream = new LeaderboardClient(
      `${live.url}/streams?scope=contest:${contestId}:leaderboard&lastEventId=${shown.cursor}`,
      token,
    );
    await stream.connect();
    await until(() => stream.of('contest-reveal-step').length === 1);
    await until(async () => (await readShown(token, { 'if-none-match': etag })).status === 200);
    const refused = await fetch(`${live.url}/contests/${contestId}/reveal/standings?step=-1`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid-query' }),
    ]);
  });

  it('takes each step once: of two admins one takes it, and both get its answer', async () => {
    const { contestId } = await openContest();
    expect((await reveals(contestId, '', admins[1])).status).toBe(200);
    for (let step = 1; step <= 4; step++) {
      const answers = await Promise.all(
        admins.flatMap((token) => [0, 1].map(() => take(contestId, step, 'cell', token))),
      );
      expect(answers.map(({ duplicate }) => duplicate).toSorted()).toEqual([false, true, true, true]);
      const [first, ...others] = answers.map(({ duplicate: _, ...data }) => data);
      for (const other of others) expect(other).toEqual(first);
    }
    expect(await published(contestId, 'CONTEST_REVEAL_STEP')).toHaveLength(4);
    expect(await published(contestId, 'CONTEST_REVEAL')).toHaveLength(2);
    expect(await take(contestId, 2)).toMatchObject({ step: 2, duplicate: true });
  });

  it('refuses a step that is not the next, and names the last one', async () => {
    const { contestId, token } = await openContest();
    await take(contestId, 1);
    const response = await reveals(contestId, '/steps', admins[1], { step: 3 });
    expect([response.status, await response.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'reveal-step', step: 1 }),
    ]);
    for (const [body, code] of [
      [{ step: 0 }, 'invalid-body'],
      [{ step: 2, extent: 'half' }, 'invalid-body'],
      [{ step: 2, other: 1 }, 'invalid-body'],
    ] as const) {
      const refused = await reveals(contestId, '/steps', admins[0], body);
      expect([refused.status, await refused.json()]).toEqual([422, expect.objectContaining({ code })]);
    }
    expect((await reveals(contestId, '', token)).status).toBe(403);
    expect((await reveals(contestId, '/steps', token, { step: 2 })).status).toBe(403);
  });

  it('is only of a contest that is over and frozen', async () => {
    const { database } = live.test;
    const contests = [
      await createContest(database, { frozen: true }),
      await createContest(database, { status: 'ENDED' }),
    ];
    for (const contestId of contests) {
      const response = await reveals(contestId, '', admins[0]);
      expect([response.status, await response.json()]).toEqual([
        409,
        expect.objectContaining({ code: 'reveal-not-possible' }),
      ]);
      const step = await reveals(contestId, '/steps', admins[0], { step: 1 });
      expect(await step.json()).toMatchObject({ code: 'reveal-not-open' });
    }
  });

  it('opens a whole row in one step, and then all that is left', async () => {
    const { contestId, players, problems, token } = await openContest();
    const client = await follow(contestId, token);
    const row = await take(contestId, 1, 'row');
    expect(row).toMatchObject({
      playerId: players[2].playerId,
      oldRank: 3,
      row: { rank: 1, finalRating: 350 },
      settled: true,
    });
    expect(row.cells.map(({ problemId }) => problemId)).toEqual([problems[0], problems[2]]);
    expect(ratings(await rows(contestId, token))).toEqual([350, 300, 200, 0]);
    const all = await take(contestId, 2, 'all');
    expect(all).toMatchObject({ finished: true, pending: 0, cells: [] });
    const real = await rows(contestId, admins[0]);
    await expect.poll(() => rows(contestId, token), { timeout: PATIENCE_MS, interval: 100 }).toEqual(real);
    await until(() => JSON.stringify(ratings(client.rows)) === JSON.stringify([400, 350, 300, 0]));
    expect(client.missed).toBe(0);
  });

  it('keeps what it has revealed, and hides the rest, while other changes are published', async () => {
    const { contestId, players, token } = await openContest();
    await take(contestId, 1, 'row');
    const { database } = live.test;
    await database.execute(
      'UPDATE contest_participant SET final_rating = 345 WHERE contest_id = ? AND player_id = ?',
      [contestId, players[2].playerId],
    );
    await until(async () => ratings(await rows(contestId, token))[0] === 345);
    await database.execute('DELETE FROM contest_participant WHERE contest_id = ? AND player_id = ?', [
      contestId,
      players[3].playerId,
    ]);
    const reader = await live.token(players[0].userId);
    await until(async () => (await rows(contestId, reader)).length === 3);
    expect(ratings(await rows(contestId, reader))).toEqual([345, 300, 200]);
    expect(ratings(await rows(contestId, admins[0]))).toEqual([400, 345, 300]);
    const { playerId } = players[2];
    const pending = (await rows(contestId, reader)).map((row) => [
      row.playerId === playerId,
      row.cells.some((cell) => cell.pending !== undefined),
    ]);
    expect(pending).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
  });

  it('ends where the standings are unfrozen at once, and a later freeze has a reveal of its own', async () => {
    const { contestId, token } = await openContest();
    const { freezeNo } = await take(contestId, 1);
    await setFrozen(live.test.database, contestId, false);
    await until(
      async () =>
        JSON.stringify(ratings(await rows(contestId, token))) === JSON.stringify([400, 350, 300, 0]),
    );
    expect(await read(contestId, token)).toMatchObject({ state: 'finished', step: 1 });
    expect((await reveals(contestId, '/steps', admins[0], { step: 2 })).status).toBe(409);
    // Times of submission have whole seconds: one of the second of a freeze counts as hidden by it.
    await until(async () => {
      const sql =
        'SELECT 1 FROM submission WHERE contest_id = ? AND submitted_at >= UTC_TIMESTAMP() - INTERVAL 1 SECOND';
      return (await live.test.database.query(sql, [contestId])).length === 0;
    });
    await setFrozen(live.test.database, contestId, true);
    await until(async () => (await reveals(contestId, '', admins[0])).status === 200);
    expect(await read(contestId, token)).toMatchObject({
      state: 'open',
      freezeNo: freezeNo + 1,
      step: 0,
      last: { freezeNo: freezeNo + 1, pending: 0 },
    });
    expect(await take(contestId, 1)).toMatchObject({ freezeNo: freezeNo + 1, finished: true });
    await until(async () => (await read(contestId, token)).state === 'finished');
  });
});
