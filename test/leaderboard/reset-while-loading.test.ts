import { afterAll, beforeAll, expect, test } from 'vitest';
import { CellsReader } from '../../src/leaderboard/cells/cells-reader.ts';
import { LeaderboardReader } from '../../src/leaderboard/leaderboard-reader.ts';
import { SERVER_CLOCK } from '../../src/platform/clock.ts';
import { holdQuery } from '../support/database/held-query.ts';
import { createProblem, createSubmission } from '../support/database/platform.ts';
import { type LeaderboardFixture, openLeaderboards } from './fixture.ts';

let fixture: LeaderboardFixture;
beforeAll(async () => {
  fixture = await openLeaderboards();
});
afterAll(() => fixture.drop());

/** Reads a contest after a reset of the log that comes while a load is under way: once before that load has ended, and once after. */
async function readsAcrossReset<V>(
  reader: { read(contestId: number, isAdmin: boolean): Promise<V>; reset(): void },
  contestId: number,
  held: ReturnType<typeof holdQuery>,
  restore: () => Promise<void>,
): Promise<V[]> {
  const before = reader.read(contestId, false);
  await held.reached;
  await restore();
  reader.reset();
  const during = reader.read(contestId, false);
  held.release();
  await before;
  return [await during, await reader.read(contestId, false)];
}

test('a leaderboard whose load began before a reset of the log is not kept after it', async () => {
  const { database } = fixture;
  const { contestId, playerIds } = await fixture.contestOf([300, 200, 100]);
  await (await fixture.load(contestId)).update('all');
  const held = holdQuery(database, /FROM standings_board b LEFT JOIN standings_row/);
  const reader = new LeaderboardReader({ database: held.database, clock: SERVER_CLOCK });
  const views = await readsAcrossReset(reader, contestId, held, async () => {
    // The older copy has another row under the same version.
    await database.execute('DELETE FROM standings_row WHERE contest_id = ? AND player_id = ?', [
      contestId,
      playerIds[0],
    ]);
  });
  for (const view of views) expect(view?.rows.map(({ playerId }) => playerId)).toEqual(playerIds.slice(1));
});

test('cells whose load began before a reset of the log are not kept after it', async () => {
  const { database } = fixture;
  const { contestId, playerIds } = await fixture.contestOf([300, 200]);
  const problemId = await createProblem(database);
  await database.execute('UPDATE contest SET problems = ? WHERE id = ?', [`[${problemId}]`, contestId]);
  for (const playerId of playerIds)
    await createSubmission(database, { contestId, playerId, problemId, verdict: 'ACCEPTED', points: 100 });
  const held = holdQuery(database, /UNION ALL SELECT NULL, NULL, player_id, cells FROM cells_row/);
  const reader = new CellsReader({ database: held.database, clock: SERVER_CLOCK });
  const views = await readsAcrossReset(reader, contestId, held, async () => {
    // The older copy is of an earlier version.
    await database.execute('UPDATE cells_head SET version = version - 1 WHERE contest_id = ?', [contestId]);
    await database.execute('DELETE FROM cells_row WHERE contest_id = ? AND player_id = ?', [
      contestId,
      playerIds[0],
    ]);
  });
  for (const view of views) expect([...(view?.rows.keys() ?? [])]).toEqual(playerIds.slice(1));
});
