import { format } from 'mysql2';
import type { Guard } from '../log/append-statement.ts';
import type { Score } from '../platform/scores.ts';
import type { Audience, BoardHead } from './stored-leaderboard.ts';

/** So many rows go into one statement. */
const PAGE = 1_000;

/** Moves a board from one version to the next; whoever is overtaken finds that it does nothing. */
export function movesHead(contestId: number, from: BoardHead, to: BoardHead): Guard {
  return {
    sql: format(
      `UPDATE standings_board SET version = ?, shown_version = ?, frozen = ?, changed_at = UTC_TIMESTAMP(3)
        WHERE contest_id = ? AND version = ? AND frozen = ?`,
      [to.version, to.shownVersion, to.frozen, contestId, from.version, from.frozen],
    ),
    changes: 1,
  };
}

/** Writes rows. @param told by player: the rank from which a move is still to be told */
export function writesRows(
  contestId: number,
  audience: Audience,
  rows: readonly Score[],
  version: number,
  told: ReadonlyMap<number, number>,
): Guard[] {
  return pages(rows).map((page) => ({
    sql: format(
      `INSERT INTO standings_row (contest_id, audience, player_id, player_name, picture, tier, mode, final_rating,
         problems_solved, penalty_mins, last_solved_at, told_from, version) VALUES ?
       ON DUPLICATE KEY UPDATE player_name = VALUES(player_name), picture = VALUES(picture), tier = VALUES(tier),
         mode = VALUES(mode), final_rating = VALUES(final_rating), problems_solved = VALUES(problems_solved),
         penalty_mins = VALUES(penalty_mins), last_solved_at = VALUES(last_solved_at),
         told_from = VALUES(told_from), version = VALUES(version)`,
      [
        page.map((row) => [
          contestId,
          audience,
          row.playerId,
          row.playerName,
          row.picture,
          row.tier,
          row.mode,
          row.finalRating,
          row.problemsSolved,
          row.penaltyMins,
          row.lastSolvedAt && sqlTime(row.lastSolvedAt),
          told.get(row.playerId) ?? null,
          version,
        ]),
      ],
    ),
  }));
}

export function deletesRows(contestId: number, audience: Audience, players: readonly number[]): Guard[] {
  return pages(players).map((page) => ({
    sql: format('DELETE FROM standings_row WHERE contest_id = ? AND audience = ? AND player_id IN (?)', [
      contestId,
      audience,
      page,
    ]),
  }));
}

/** Notes from which ranks moves of players whose rows do not change otherwise are still to be told. */
export function notesMoves(contestId: number, moves: ReadonlyMap<number, number>): Guard[] {
  // The server looks through all the cases for each row.
  return pages([...moves], 100).map((page) => ({
    sql: format(
      `UPDATE standings_row SET told_from = CASE player_id ${page.map(() => 'WHEN ? THEN ?').join(' ')} END
        WHERE contest_id = ? AND audience = 'shown' AND player_id IN (?)`,
      [...page.flat(), contestId, page.map(([playerId]) => playerId)],
    ),
  }));
}

/** The moves of these players are told with this. */
export function settlesMoves(contestId: number, players: readonly number[]): Guard[] {
  return pages(players).map((page) => ({
    sql: format(
      `UPDATE standings_row SET told_from = NULL WHERE contest_id = ? AND audience = 'shown' AND player_id IN (?)`,
      [contestId, page],
    ),
  }));
}

const COLUMNS = `player_id, player_name, picture, tier, mode, final_rating, problems_solved, penalty_mins,
  last_solved_at, version`;

/** From here on players are shown the rows that stand, and admins see rows of their own. */
export function partsBoards(contestId: number): Guard {
  return {
    sql: format(
      `INSERT INTO standings_row (contest_id, audience, ${COLUMNS})
       SELECT contest_id, 'real', ${COLUMNS} FROM standings_row WHERE contest_id = ? AND audience = 'shown'`,
      [contestId],
    ),
  };
}

/** What admins see becomes what players are shown. */
export function joinsBoards(contestId: number): Guard[] {
  return [
    { sql: format(`DELETE FROM standings_row WHERE contest_id = ? AND audience = 'shown'`, [contestId]) },
    {
      sql: format(`UPDATE standings_row SET audience = 'shown' WHERE contest_id = ? AND audience = 'real'`, [
        contestId,
      ]),
    },
  ];
}

function pages<T>(items: readonly T[], size = PAGE): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < items.length; at += size) found.push(items.slice(at, at + size));
  return found;
}

function sqlTime(instant: string): string {
  return instant.replace('T', ' ').replace('Z', '');
}
