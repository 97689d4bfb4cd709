import type { Database } from '../db/database.ts';
import type { PlatformClock } from '../platform/clock.ts';
import { readContestState, readScores } from '../platform/scores.ts';
import { writesRows } from './row-statements.ts';
import { readBoard, type StoredBoard } from './stored-leaderboard.ts';

/**
 * Makes the board of a contest that nobody had asked about, from the standings as they are; whoever comes second, on
 * whatever node, finds it made. Where they are frozen by then, nothing is known of what they were: players are shown none.
 * @returns the board that admins see; undefined when there is no such contest
 */
export async function createBoard(
  database: Pick<Database, 'transaction'>,
  contestId: number,
  clock: PlatformClock,
): Promise<StoredBoard | undefined> {
  return database.transaction(async (tx) => {
    if (!(await readContestState(tx, contestId))) return undefined;
    const { affectedRows } = await tx.execute(
      `INSERT IGNORE INTO standings_board (contest_id, version, shown_version, changed_at)
       VALUES (?, 1, 1, UTC_TIMESTAMP(3))`,
      [contestId],
    );
    if (affectedRows === 1) {
      const scores = await readScores(tx, contestId, 'all', clock);
      // Behind the scores: whatever of them came after a freeze is seen to be frozen.
      const frozen = (await readContestState(tx, contestId))?.frozen ?? false;
      if (frozen)
        await tx.execute('UPDATE standings_board SET frozen = TRUE WHERE contest_id = ?', [contestId]);
      const audience = frozen ? 'real' : 'shown';
      for (const { sql } of writesRows(contestId, audience, [...scores.values()], 1, new Map()))
        await tx.execute(sql);
    }
    return readBoard(tx, contestId);
  });
}

/** Lets go of the board of a contest that is no more. */
export async function deleteBoard(database: Pick<Database, 'transaction'>, contestId: number): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.execute('DELETE FROM standings_board WHERE contest_id = ?', [contestId]);
    await tx.execute('DELETE FROM standings_row WHERE contest_id = ?', [contestId]);
  });
}
