import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GlobalDuty } from '../../src/leaderboard/global-leaderboard-task.ts';
import { Boards } from '../../src/leaderboard/leaderboard-reader.ts';
import { reviewBoard } from '../../src/leaderboard/refresh.ts';
import { ScoreWatch } from '../../src/leaderboard/score-poll.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { applyDelta, type Board, type BoardDelta } from '../../src/protocol/board.ts';
import { createContest, createPlayer, joinContest } from '../support/platform.ts';
import { setFrozen, setScore, shapeOf, truthOf } from '../support/standings.ts';
import { type Keeping, startKeeping } from './fixture.ts';

/** Numbers that look random and are the same in each run (Park and Miller's generator). */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('Published boards', () => {
  let test: Keeping;
  beforeAll(async () => {
    test = await startKeeping();
  });
  afterAll(() => test.drop());

  async function contestOf(players: number) {
    const contestId = await createContest(test.database);
    const ids: number[] = [];
    for (let index = 0; index < players; index++) {
      const { playerId } = await createPlayer(test.database);
      ids.push(playerId);
      await joinContest(test.database, { contestId, playerId });
    }
    return { contestId, ids };
  }

  /** A node that reads the board afresh. */
  const elsewhere = () => new Boards({ database: test.database, clock: SERVER_CLOCK });

  it('are followed through the log to exactly what the tables hold, frozen or not', async () => {
    const { database, boards } = test;
    const { contestId, ids } = await contestOf(25);
    const keeper = await test.load(contestId);
    const random = sequence(99);
    let frozen = false;
    let shown: unknown;
    for (let round = 0; round < 150; round++) {
      for (let change = random(5); change >= 0; change--) {
        const playerId = ids[random(ids.length)] as number;
        const second = String(random(3)).padStart(2, '0');
        await setScore(database, contestId, playerId, random(6) * 5, `2026-01-01 00:00:${second}`);
      }
      if (random(6) === 0) {
        frozen = !frozen;
        await setFrozen(database, contestId, frozen);
      }
      await keeper.update('all');
      const real = await boards.read(contestId, true);
      const players = await boards.read(contestId, false);
      expect(shapeOf(real?.rows ?? [])).toEqual(await truthOf(database, contestId));
      expect([real?.frozen, players?.frozen]).toEqual([frozen, frozen]);
      if (!frozen) shown = players?.rows;
      expect(players?.rows).toEqual(shown);
      if (round % 10 === 0) {
        expect((await elsewhere().read(contestId, true))?.rows).toEqual(real?.rows);
        expect((await elsewhere().read(contestId, false))?.rows).toEqual(players?.rows);
      }
    }
  });

  it('are made once, however many ask for the first time, wherever', async () => {
    const { contestId } = await contestOf(5);
    const views = await Promise.all(Array.from({ length: 8 }, () => elsewhere().read(contestId, false)));
    for (const view of views) expect(view).toMatchObject({ version: 1, total: 5, frozen: false });
    expect(await test.boards.read(999_999, false)).toBeUndefined();
  });

  it('are shared by all who ask, read and encoded once per version', async () => {
    const { contestId, ids } = await contestOf(3);
    const keeper = await test.load(contestId);
    const [first, second] = await Promise.all([
      test.boards.read(contestId, false),
      test.boards.read(contestId, true),
    ]);
    const third = await test.boards.read(contestId, false);
    expect([second?.rows, third]).toEqual([first?.rows, first]);
    await setScore(test.database, contestId, ids[0] as number, 5);
    await keeper.update('all');
    const next = await test.boards.read(contestId, false);
    expect(next?.version).toBe((first?.version ?? 0) + 1);
    expect((await test.boards.read(contestId, false))?.bytes).toBe(next?.bytes);
  });

  it('that change too much for the log make everybody read them again', async () => {
    const { database, boards, rows } = test;
    const { contestId, ids } = await contestOf(600);
    // As wide as rows may be, so that six hundred weigh more than is told.
    await database.execute('ALTER TABLE users MODIFY profile_picture TEXT');
    await database.execute('UPDATE users SET profile_picture = REPEAT(?, 2000)', ['語']);
    const keeper = await test.load(contestId);
    const before = await boards.read(contestId, false);
    await database.execute(
      'UPDATE contest_participant SET final_rating = player_id % 50 WHERE contest_id = ?',
      [contestId],
    );
    await keeper.update('all');
    const deltas = rows
      .filter(
        ({ scope, type }) => scope === `contest:${contestId}:leaderboard` && type === 'LEADERBOARD_UPDATE',
      )
      .map(({ data }) => JSON.parse(data) as BoardDelta);
    const board: Board = {
      version: before?.version ?? 0,
      total: ids.length,
      rows: new Map(before?.rows.map((row) => [row.playerId, row])),
    };
    expect(deltas.map((delta) => applyDelta(board, delta))).toEqual([undefined]);
    expect(shapeOf((await boards.read(contestId, false))?.rows ?? [])).toEqual(
      await truthOf(database, contestId),
    );
  }, 120_000);

  it('of a contest that is no more are deleted', async () => {
    const { contestId } = await contestOf(2);
    const keeper = await test.load(contestId);
    await test.database.execute('DELETE FROM contest WHERE id = ?', [contestId]);
    expect(await keeper.update('all')).toBe(false);
    for (const table of ['standings_board', 'standings_row'])
      expect(await test.database.query(`SELECT 1 FROM ${table} WHERE contest_id = ?`, [contestId])).toEqual(
        [],
      );
  });

  it('of a contest that is long over are looked after when somebody asks, and not at every turn', async () => {
    const { database, publisher } = test;
    const { contestId, ids } = await contestOf(3);
    const keeper = { database, publisher, clock: SERVER_CLOCK, top: 2 };
    let reviews = 0;
    const node = new Boards({
      database,
      clock: SERVER_CLOCK,
      async review(id) {
        reviews += 1;
        await reviewBoard(keeper, id);
      },
    });
    const shown = async () => (await node.read(contestId, false))?.rows;
    expect(await shown()).toHaveLength(3);
    await database.execute("UPDATE contest SET status = 'ENDED' WHERE id = ?", [contestId]);
    await database.execute('UPDATE standings_board SET changed_at = changed_at - INTERVAL 1 HOUR');
    await setScore(database, contestId, ids[1] as number, 7);
    await database.execute(
      "UPDATE users SET name = 'Renamed' WHERE id = (SELECT user_id FROM player WHERE id = ?)",
      [ids[1]],
    );
    await database.execute('DELETE FROM player WHERE id = ?', [ids[0]]);
    for (const rows of await Promise.all([shown(), shown(), shown()]))
      expect(rows).toMatchObject([
        { playerId: ids[1], finalRating: 7, playerName: 'Renamed' },
        { playerId: ids[2] },
      ]);
    await database.execute('UPDATE standings_board SET changed_at = changed_at - INTERVAL 1 HOUR');
    await shown();
    expect(reviews).toBe(1);
    expect((await elsewhere().read(contestId, false))?.rows).toEqual(await shown());

    await database.execute('DELETE FROM contest WHERE id = ?', [contestId]);
    const other = new Boards({ database, clock: SERVER_CLOCK, review: (id) => reviewBoard(keeper, id) });
    expect(await other.read(contestId, false)).toBeUndefined();
    expect(await database.query('SELECT 1 FROM standings_row WHERE contest_id = ?', [contestId])).toEqual([]);
  });
});

describe('Looking at scores', () => {
  let test: Keeping;
  beforeAll(async () => {
    test = await startKeeping();
  });
  afterAll(() => test.drop());

  it('finds whose row has changed, whatever of it, and who came and went', async () => {
    const { database } = test;
    const contestId = await createContest(database);
    const ended = await createContest(database, { status: 'ENDED' });
    const players = await Promise.all([1, 2, 3, 4].map(() => createPlayer(database)));
    for (const { playerId } of players.slice(0, 3)) await joinContest(database, { contestId, playerId });
    const [ada, bob, cleo, dan] = players.map(({ playerId }) => playerId) as [number, number, number, number];
    const touched: unknown[] = [];
    const watch = new ScoreWatch(database, (id, playerId) => touched.push([id, playerId]));
    const look = async () => {
      touched.length = 0;
      await watch.look();
      return [...touched];
    };
    expect(await look()).toEqual([[contestId, undefined]]);
    expect(await look()).toEqual([]);
    await setScore(database, contestId, ada, 5);
    expect(await look()).toEqual([[contestId, undefined]]);
    const changes: [string, unknown[], number][] = [
      ['UPDATE contest_participant SET final_rating = final_rating + 0.01 WHERE player_id = ?', [bob], bob],
      ['UPDATE contest_participant SET last_solved_at = NULL WHERE player_id = ?', [ada], ada],
      ["UPDATE contest_participant SET mode = 'LEGEND' WHERE player_id = ?", [cleo], cleo],
      ["UPDATE player SET tier = 'GOLD' WHERE id = ?", [bob], bob],
      ["UPDATE users SET name = 'Ada' WHERE id = ?", [players[0]?.userId], ada],
      ["UPDATE users SET profile_picture = 'a.png' WHERE id = ?", [players[2]?.userId], cleo],
      ['DELETE FROM contest_participant WHERE player_id = ?', [bob], bob],
      ['INSERT INTO contest_participant (contest_id, player_id) VALUES (?, ?)', [contestId, dan], dan],
    ];
    for (const [sql, values, playerId] of changes) {
      await database.execute(sql, values);
      expect(await look()).toEqual([[contestId, playerId]]);
    }
    expect(await look()).toEqual([]);
    // One that is over is looked at for a while after its last change.
    await test.load(ended);
    expect(await look()).toEqual([[ended, undefined]]);
    await database.execute('UPDATE standings_board SET changed_at = changed_at - INTERVAL 1 HOUR');
    await look();
    await joinContest(database, { contestId: ended, playerId: ada });
    expect(await look()).toEqual([]);
    await database.execute('UPDATE contest SET leaderboard_frozen = TRUE WHERE id = ?', [ended]);
    expect(await look()).toContainEqual([ended, undefined]);
    await database.execute('DELETE FROM contest WHERE id = ?', [ended]);
    expect(await look()).toEqual([[ended, undefined]]);

    // The platform may leave a contest LIVE for ever: what is over by the clock is not looked at for ever.
    const over = await createContest(database);
    const note = (status: string, minutes: number) =>
      database.execute(
        `INSERT INTO contest_announced (contest_id, status, turn, announced_at) VALUES (?, ?, 1, UTC_TIMESTAMP(3) - INTERVAL ? MINUTE)
         ON DUPLICATE KEY UPDATE status = VALUES(status), announced_at = VALUES(announced_at)`,
        [over, status, minutes],
      );
    await note('OVER', 60);
    expect(await look()).not.toContainEqual([over, undefined]);
    await note('OVER', 5);
    expect(await look()).toContainEqual([over, undefined]);
    await note('OVER', 60);
    await look();
    await note('LIVE', 60);
    expect(await look()).toContainEqual([over, undefined]);
  });
});

describe('The standings of all players', () => {
  let test: Keeping;
  beforeAll(async () => {
    test = await startKeeping();
  });
  afterAll(() => test.drop());

  it('are told when they change, once, whoever looks', async () => {
    const { database, publisher, rows } = test;
    const players = await Promise.all([300, 200, 100].map((xp) => createPlayer(database, { xp })));
    const told = () => rows.map(({ data }) => JSON.parse(data));
    const node = () => new GlobalDuty({ database, publisher });
    const first = node();
    await first.run();
    await first.run();
    expect(told()).toEqual([]);
    await database.execute('UPDATE player SET xp = 400 WHERE id = ?', [players[2]?.playerId]);
    await first.run();
    await node().run();
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatchObject({
      version: 1,
      top: [
        { playerId: players[2]?.playerId, rank: 1, xp: 400 },
        { rank: 2, xp: 300 },
        { rank: 3, xp: 200 },
      ],
    });
    const second = node();
    await database.execute('UPDATE player SET xp = 350 WHERE id = ?', [players[1]?.playerId]);
    await second.run();
    await database.execute('UPDATE player SET xp = 360 WHERE id = ?', [players[1]?.playerId]);
    await expect(first.run()).rejects.toMatchObject({ code: 'superseded' });
    await first.run();
    expect(told().map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  it('are told whatever the platform’s columns hold', async () => {
    const { database, publisher, rows } = test;
    await database.execute('DELETE FROM users');
    await database.execute(`ALTER TABLE player MODIFY xp DECIMAL(20,2), MODIFY level INT, MODIFY tier VARCHAR(20),
      MODIFY sub_rank VARCHAR(60)`);
    const node = new GlobalDuty({ database, publisher });
    await node.run();
    const odd = await createPlayer(database, { name: '', xp: 900 });
    const none = await createPlayer(database, { name: 'Nobody', xp: 800 });
    await database.execute(
      "UPDATE player SET xp = 900.5, level = 0, tier = 'PLATINUM', sub_rank = REPEAT('x', 60) WHERE id = ?",
      [odd.playerId],
    );
    await database.execute(
      'UPDATE player SET xp = NULL, level = NULL, tier = NULL, sub_rank = NULL WHERE id = ?',
      [none.playerId],
    );
    await node.run();
    expect(JSON.parse(rows.at(-1)?.data ?? '').top).toEqual([
      {
        playerId: odd.playerId,
        playerName: `Player ${odd.playerId}`,
        rank: 1,
        xp: 900,
        level: 1,
        subRank: `${'x'.repeat(20)}`,
      },
      { playerId: none.playerId, playerName: 'Nobody', rank: 2, xp: 0, level: 1, subRank: '' },
    ]);
  });
});
