import { beforeAll, describe, expect, it } from 'vitest';
import { shapeOf, truthOf } from '../leaderboard/fixture.ts';
import type { LeaderboardClient } from '../support/client/leaderboard-client.ts';
import {
  createContest,
  createPlayer,
  createPlayers,
  createUser,
  joinContest,
  setFrozen,
  setScore,
} from '../support/database/platform.ts';
import { seededIntegers } from '../support/random.ts';
import { prepareService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { clientOf, FAST, readPage, readWhole } from '../support/wire/leaderboard-http.ts';

describe('The leaderboard of a contest', () => {
  const live = prepareService(FAST);
  let adminToken: string;
  beforeAll(async () => {
    adminToken = await live.token(await createUser(live.test.database, { role: 'ADMIN' }));
  });

  it('rebuilt from a snapshot and deltas are those of the tables, through disconnections and freezes', async () => {
    const { database } = live.test;
    const random = seededIntegers();
    const creator = await createPlayer(database);
    const contestId = await createContest(database, { createdBy: creator.userId });
    const players = await createPlayers(database, 60);
    const joined = new Set<number>();
    const join = async ({ playerId }: { playerId: number }) => {
      if (joined.has(playerId)) return;
      joined.add(playerId);
      await joinContest(database, { contestId, playerId });
    };
    for (const player of players.slice(0, 30)) await join(player);

    const playerTokens = await Promise.all(players.slice(0, 2).map(({ userId }) => live.token(userId)));
    const creatorToken = await live.token(creator.userId);
    const outside = [...playerTokens, creatorToken].map((token) => clientOf(live, contestId, token));
    const admin = clientOf(live, contestId, adminToken);
    const clients = [...outside, admin];
    await Promise.all(clients.map((client) => client.connect()));

    let frozen = false;
    let secret = 0;
    const secrets: string[] = [];
    const freeze = async (value: boolean) => {
      frozen = value;
      await setFrozen(database, contestId, value);
    };
    /** A rating that occurs nowhere else while it is frozen; else one that makes ties. */
    const rating = () => {
      if (!frozen) return random(8) * 50;
      const value = 500_000 + secret++;
      secrets.push(`"finalRating":${value}`);
      return value;
    };

    for (let change = 0; change < 2_000; change++) {
      const player = players[random(players.length)] as { playerId: number };
      const kind = random(100);
      if (kind < 70) {
        const minute = String(random(4)).padStart(2, '0');
        const solvedAt = random(5) === 0 ? null : `2026-01-01 00:${minute}:00`;
        await setScore(database, contestId, player.playerId, rating(), solvedAt);
      } else if (kind < 78) await join(player);
      else if (kind < 82) {
        joined.delete(player.playerId);
        await database.execute('DELETE FROM contest_participant WHERE contest_id = ? AND player_id = ?', [
          contestId,
          player.playerId,
        ]);
      } else if (kind < 84)
        await database.execute(
          `UPDATE contest_participant SET final_rating = (player_id % 7) * 50 WHERE contest_id = ?${frozen ? ' AND FALSE' : ''}`,
          [contestId],
        );
      else if (kind < 94) {
        const client = clients[random(clients.length)] as LeaderboardClient;
        await client.connect();
      } else if (kind < 96) {
        await freeze(!frozen);
        await until(() => clients.every((client) => client.frozen === frozen));
        if (!frozen) secrets.length = 0;
      } else if (kind < 98) {
        const { rows } = await readPage(live, contestId, playerTokens[0] as string, 'limit=200');
        if (frozen) expect(secrets.some((mark) => JSON.stringify(rows).includes(mark))).toBe(false);
      }
      if (frozen && change % 20 === 0)
        for (const client of outside) {
          const text = client.text.slice(-20_000);
          expect(secrets.filter((mark) => text.includes(mark))).toEqual([]);
        }
    }
    if (frozen) {
      await until(
        async () =>
          JSON.stringify(shapeOf(admin.rows)) === JSON.stringify(await truthOf(database, contestId)),
      );
      expect(shapeOf(await readWhole(live, contestId, adminToken))).toEqual(
        await truthOf(database, contestId),
      );
      await freeze(false);
    }
    const expected = await truthOf(database, contestId);
    await until(() =>
      clients.every((client) => JSON.stringify(shapeOf(client.rows)) === JSON.stringify(expected)),
    );
    for (const token of [...playerTokens, creatorToken, adminToken])
      expect(shapeOf(await readWhole(live, contestId, token))).toEqual(expected);
    const fresh = await readWhole(live, contestId, adminToken);
    for (const client of clients) {
      expect(client.rows).toEqual(fresh);
      expect(client.missed).toBe(0);
      expect(client.leaderboard?.total).toBe(expected.length);
    }
  }, 120_000);
});
