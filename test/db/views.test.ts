import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { prepareDatabase } from '../support/database/database.ts';
import { createContest, createPlayer, joinContest } from '../support/database/platform.ts';

const { database } = prepareDatabase();

describe('v_contest_leaderboard', () => {
  test('ranks by rating, then by who solved earlier; ties share a rank, and the next ranks are left out', async () => {
    const contestId = await createContest(database);
    const scores: [rating: number, solvedAt: string | null, rank: number][] = [
      [300, '2026-01-01 10:00:00', 1],
      [200, '2026-01-01 09:00:00', 2],
      [200, '2026-01-01 11:00:00', 3],
      [200, '2026-01-01 11:00:00', 3],
      [200, null, 5],
      [0, null, 6],
      [0, null, 6],
    ];
    const expected: unknown[] = [];
    for (const [finalRating, lastSolvedAt, rank] of scores) {
      const { playerId } = await createPlayer(database);
      await joinContest(database, { contestId, playerId, finalRating, lastSolvedAt });
      expected.push({ player_id: playerId, live_rank: rank });
    }
    const rows = await database.query(
      'SELECT player_id, live_rank FROM v_contest_leaderboard WHERE contest_id = ? ORDER BY live_rank, player_id',
      [contestId],
    );
    expect(rows).toEqual(expected);
  });

  test('has the player’s name, picture and tier, and each contest’s own ranks', async () => {
    const ada = await createPlayer(database, {
      name: 'Ada 😀',
      picture: 'https://img.example/a.png',
      tier: 'GOLD',
      subRank: 'Gold II',
    });
    const bob = await createPlayer(database);
    const first = await createContest(database);
    const second = await createContest(database);
    await joinContest(database, { contestId: first, playerId: bob.playerId, finalRating: 5 });
    await joinContest(database, { contestId: first, playerId: ada.playerId, finalRating: 4 });
    await joinContest(database, {
      contestId: second,
      playerId: ada.playerId,
      mode: 'LEGEND',
      finalRating: 12.25,
      problemsSolved: 2,
      penaltyMins: 17,
      lastSolvedAt: '2026-01-01 10:00:00',
    });
    const rows = await database.query(
      'SELECT * FROM v_contest_leaderboard WHERE player_id = ? ORDER BY contest_id',
      [ada.playerId],
    );
    expect(rows).toEqual([
      expect.objectContaining({ contest_id: first, live_rank: 2, last_solved_at: null }),
      {
        contest_id: second,
        player_id: ada.playerId,
        player_name: 'Ada 😀',
        picture: 'https://img.example/a.png',
        tier: 'GOLD',
        sub_rank: 'Gold II',
        mode: 'LEGEND',
        final_rating: '12.25',
        problems_solved: 2,
        penalty_mins: 17,
        last_solved_at: new Date('2026-01-01T10:00:00Z'),
        live_rank: 1,
      },
    ]);
  });
});

describe('v_active_sessions', () => {
  test('shows open streams with their players, and neither closed ones nor those of a node that died', async () => {
    const { playerId, userId } = await createPlayer(database, { name: 'Ada' });
    const insert = async (heartbeatAge: number, disconnected: boolean, owner: boolean) => {
      const streamId = randomUUID();
      await database.execute(
        `INSERT INTO stream_session (stream_id, node_id, user_id, player_id, scopes, connected_at, last_heartbeat_at,
          last_delivered_id, disconnected_at)
         VALUES (?, ?, ?, ?, '["global"]', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL ? SECOND, 4,
          IF(?, UTC_TIMESTAMP(3), NULL))`,
        [streamId, randomUUID(), owner ? userId : null, owner ? playerId : null, heartbeatAge, disconnected],
      );
      return streamId;
    };
    const open = await insert(20, false, true);
    const service = await insert(0, false, false);
    await insert(0, true, true);
    await insert(300, false, true);
    const rows = await database.query(
      'SELECT stream_id, player_id, player_name, scopes, last_delivered_id FROM v_active_sessions',
    );
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(
      expect.arrayContaining([
        {
          stream_id: open,
          player_id: playerId,
          player_name: 'Ada',
          scopes: '["global"]',
          last_delivered_id: 4,
        },
        expect.objectContaining({ stream_id: service, player_id: null, player_name: null }),
      ]),
    );
  });
});
