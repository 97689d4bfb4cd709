import type { Database } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { recordFreeze } from '../platform/freeze.ts';
import { readContestState, readScores, type Score } from '../platform/scores.ts';
import { deleteReveals } from './reveal/reveal-rows.ts';
import { upsertRows } from './row-statements.ts';
import { readShownScores, withPublicTiers } from './shown-scores.ts';
import { type Audience, readStoredLeaderboard, type StoredLeaderboard } from './stored-leaderboard.ts';

/**
 * Creates the leaderboard of a contest from its current scores, once, whichever node is first. Where the contest is
 * frozen already and no trigger saw that, the scores at the freeze are unknown: players are shown an empty leaderboard.
 *
 * @param holdDays how long after its end a frozen contest holds the tiers of its participants, in days
 * @returns the leaderboard that admins see; undefined when there is no such contest
 */
export async function createLeaderboard(
  database: Pick<Database, 'transaction'>,
  contestId: number,
  clock: PlatformClock,
  holdDays?: number,
): Promise<StoredLeaderboard | undefined> {
  return database.transaction(async (tx) => {
    if (!(await readContestState(tx, contestId))) return undefined;
    const { affectedRows } = await tx.execute(
      `INSERT IGNORE INTO standings_board (contest_id, version, shown_version, changed_at)
       VALUES (?, 1, 1, UTC_TIMESTAMP(3))`,
      [contestId],
    );
    if (affectedRows === 1) {
      const scores = await readScores(tx, contestId, 'all', clock);
      // After the scores: if any of them is from after a freeze, the flag is seen here.
      const frozen = (await readContestState(tx, contestId))?.frozen ?? false;
      if (frozen)
        await tx.execute('UPDATE standings_board SET frozen = TRUE WHERE contest_id = ?', [contestId]);
      const write = async (audience: Audience, rows: ReadonlyMap<number, Score>) => {
        for (const { sql } of upsertRows(contestId, audience, [...rows.values()], 1, new Map()))
          await tx.execute(sql);
      };
      if (frozen) await write('real', scores);
      else await write('shown', await withPublicTiers(tx, contestId, scores, holdDays));
      const freeze = frozen ? await recordFreeze(tx, contestId) : undefined;
      if (freeze?.exact) {
        const shown = await readShownScores(tx, clock, contestId, freeze, scores, new Map());
        await write('shown', await withPublicTiers(tx, contestId, shown, holdDays));
      }
    }
    return readStoredLeaderboard(tx, contestId);
  });
}

/** Deletes the leaderboard of a contest that no longer exists. */
export async function deleteLeaderboard(
  database: Pick<Database, 'transaction'>,
  contestId: number,
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.execute('DELETE FROM standings_board WHERE contest_id = ?', [contestId]);
    await tx.execute('DELETE FROM standings_row WHERE contest_id = ?', [contestId]);
    await deleteReveals(tx, contestId);
  });
}
